//! What all live pages have in common.

use lazuli::html;
use lazuli::html::Render;

/// A page: a way back, whether it is connected, what it shows, and a way to the code that made it, which is called `name`.
pub fn page(name: &str, title: &str, content: &dyn Render) -> impl Render {
    html! {
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#14306f";
                title { (title) " · Lazuli" }
                link rel="icon" href="/favicon.ico";
                link rel="stylesheet" href="/assets/style.css";
                script src="/js/spark.js" data-spark-url="/spark" defer {}
            }
            body class="live" {
                header class="bar" {
                    a class="home" href="/" aria-label="Lazuli: what this server offers" {
                        img src="/favicon.ico" width="32" height="32" alt="";
                    }
                    h1 { (title) }
                    p class="link" {
                        span class="on" { "Connected" }
                        span class="off" { "Offline" }
                    }
                }
                main class="column" {
                    noscript {
                        p class="notice warn" { "Without JavaScript this page shows what it is, but does not change." }
                    }
                    @(content)
                    p class="source" {
                        a href={"/source/" (name)} target="_blank" { "The code of this page" }
                    }
                }
                div class="flashes" data-spark-flash {}
            }
        }
    }
}
