//! What all pages have in common.

use lazuli::html;
use lazuli::html::Render;

/// A page: its head, a way back, and at its end the code that made it.
pub fn page(title: &str, source: &str, content: &dyn Render) -> impl Render {
    html! {
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – Lazuli" }
                link rel="icon" href="/favicon.ico";
                link rel="stylesheet" href="/assets/style.css";
                script src="/js/spark.js" data-spark-url="/spark" defer {}
            }
            body class="live" {
                header class="bar" {
                    div class="column" {
                        a class="home" href="/" { "Lazuli" }
                        h1 { (title) }
                    }
                }
                main class="column" {
                    div class="flashes" data-spark-flash {}
                    @(content)
                    details class="source" {
                        summary { "How it is made" }
                        pre { code { (source) } }
                    }
                }
            }
        }
    }
}
