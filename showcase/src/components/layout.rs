//! What all live pages have in common.

use lazuli::html;
use lazuli::html::Render;

/// A page: a way back, whether it is connected, what it shows, and ways to the files of code that made it.
pub fn page(
    title: &str,
    assets: &[&'static str],
    code: &[(&'static str, &'static str)],
    content: &dyn Render,
) -> impl Render {
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
                @for file in assets key=(file) {
                    @if file.ends_with(".css") { link rel="stylesheet" href=(file); } @else { script src=(file) defer {} }
                }
            }
            body class="live" {
                header class="bar" {
                    a class="home" href="/" aria-label="Lazuli: what this server offers" {
                        img src="/favicon.ico" width="32" height="32" alt="";
                    }
                    h1 { (title) }
                    p class="link" role="status" {
                        span class="on" { "Connected" }
                        span class="off" { "Offline" }
                    }
                }
                main class="column" {
                    noscript {
                        p class="notice warn" { "Without JavaScript this page shows what it is, but does not change." }
                    }
                    @(content)
                    @if !code.is_empty() {
                        nav class="source" aria-labelledby="code" {
                            span id="code" { "The code of this page:" }
                            ul {
                                @for (file, _) in code key=(file) {
                                    @let name = file.trim_start_matches("src/").trim_start_matches("components/");
                                    li { a href={"/source/" (file)} target="_blank" { (name) } }
                                }
                            }
                        }
                    }
                }
                div class="flashes" data-spark-flash {}
            }
        }
    }
}
