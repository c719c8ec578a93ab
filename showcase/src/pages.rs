//! The pages for people.

use crate::app::Showcase;
use lazuli::route::PatternError;
use lazuli::{Response, Result, Routes, metrics};

/// Nothing but what this server serves: no inline script or style, nobody else's.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Adds them all.
pub fn add(routes: &mut Routes<Showcase>) -> Result<(), PatternError> {
    routes.get("/", |_, _| page(include_str!("../pages/index.html")))?;
    routes.get("/chat/:room_id", |_, _| page(include_str!("../pages/chat.html")))?;
    routes.get("/assets/style.css", |_, _| asset("text/css", include_str!("../pages/style.css")))?;
    routes.get("/assets/live.css", |_, _| asset("text/css", include_str!("../pages/live.css")))?;
    routes.get("/assets/live.js", |_, _| asset("text/javascript", include_str!("../pages/live.js")))?;
    routes.get("/assets/modal.js", |_, _| asset("text/javascript", include_str!("../pages/modal.js")))?;
    routes.get("/assets/change.js", |_, _| asset("text/javascript", include_str!("../pages/change.js")))?;
    routes.get("/assets/editor.js", |_, _| asset("text/javascript", include_str!("../pages/editor.js")))?;
    routes.get("/assets/chat.js", |_, _| asset("text/javascript", include_str!("../pages/chat.js")))?;
    // Browsers ask for it by this name whatever a page says; its type says what it is.
    routes.get("/favicon.ico", |_, _| asset("image/svg+xml", include_str!("../pages/icon.svg")))?;
    routes.get("/metrics", |cx, _| {
        Ok(Response::text(metrics::render(cx.stats())).with_content_type(metrics::CONTENT_TYPE)?)
    })?;
    for path in ["/js/spark.js", "/js/azu-spark.js"] {
        routes.get(path, |_, request| Ok(lazuli::client::script(request)))?;
    }
    routes.get("/js/spark-dev.js", |_, request| Ok(lazuli::client::dev_script(request)))?;
    routes.get("/healthz", |_, _| Ok(Response::text("ok")))
}

fn page(html: &'static str) -> Result<Response> {
    Ok(Response::html(html).with_header("Content-Security-Policy", POLICY)?.with_header("Cache-Control", "no-cache")?)
}

fn asset(kind: &'static str, body: &'static str) -> Result<Response> {
    let kind = format!("{kind}; charset=utf-8");
    Ok(Response::text(body).with_content_type(kind)?.with_header("Cache-Control", "no-cache")?)
}
