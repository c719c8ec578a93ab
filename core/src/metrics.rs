//! What a hub has counted, as a page for Prometheus: its text format 0.0.4.
//!
//! ```
//! use lazuli::{Response, Routes, metrics};
//!
//! let mut routes: Routes = Routes::new();
//! routes.get("/metrics", |cx, _| {
//!     Ok(Response::text(metrics::render(cx.stats())).with_content_type(metrics::CONTENT_TYPE)?)
//! })?;
//! # Ok::<(), lazuli::route::PatternError>(())
//! ```

use crate::stats::{RouteStats, Stats};
use alloc::format;
use alloc::string::String;

/// The content type of the page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page for these counters.
pub fn render(stats: &Stats) -> String {
    let mut page = Page::new();
    page.stats(stats);
    page.finish()
}

/// A page in the making. An application can put its own metrics beside the hub's; each name may come once.
///
/// ```
/// use lazuli::metrics::Page;
///
/// let mut page = Page::new();
/// page.gauge("shop_carts", "Carts with something in them.").sample(&[("country", "ch")], 3).sample(&[("country", "at")], 1);
/// assert_eq!(
///     page.finish(),
///     "# HELP shop_carts Carts with something in them.\n# TYPE shop_carts gauge\n\
///      shop_carts{country=\"ch\"} 3\nshop_carts{country=\"at\"} 1\n"
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Page {
    text: String,
}

/// One metric of a [`Page`], which gets its samples.
#[derive(Debug)]
pub struct Metric<'a> {
    page: &'a mut Page,
    name: String,
}

impl Page {
    /// An empty page.
    pub fn new() -> Page {
        Page::default()
    }

    /// Something that only grows. Its name ends in `_total`, which is added where it is missing.
    pub fn counter(&mut self, name: &str, help: &str) -> Metric<'_> {
        let name = name.strip_suffix("_total").unwrap_or(name);
        self.metric(format!("{}_total", clean(name)), "counter", help)
    }

    /// Something that there is now.
    pub fn gauge(&mut self, name: &str, help: &str) -> Metric<'_> {
        self.metric(clean(name), "gauge", help)
    }

    fn metric(&mut self, name: String, kind: &str, help: &str) -> Metric<'_> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Metric { page: self, name }
    }

    /// All that a hub has counted.
    pub fn stats(&mut self, stats: &Stats) {
        // By name, so that a new counter cannot be forgotten here.
        let Stats {
            connections,
            channels,
            components,
            users,
            rooms,
            timers,
            accepted,
            refused,
            opened,
            closed,
            messages_in,
            bytes_in,
            frames_out,
            bytes_out,
            dropped,
            overflowed,
            errors,
            panics,
            timers_fired,
            rate_limited,
            silent,
            crowded,
            locked_out,
            expired,
            patches,
            patch_bytes,
            circles,
            batches,
            stale,
            duplicates,
            missed,
            unpublished,
            unlogged,
            routes,
        } = stats;
        for (name, help, value) in [
            ("lazuli_connections", "Connections now, from the accepted request to the close.", connections),
            ("lazuli_channels", "Channels on Spark sockets now.", channels),
            ("lazuli_components", "Components mounted now.", components),
            ("lazuli_users", "Users with at least one connection now.", users),
            ("lazuli_rooms", "Rooms with at least one member now.", rooms),
            ("lazuli_timers", "Timers set now, the hub's own included, but for heartbeats.", timers),
        ] {
            self.gauge(name, help).sample(&[], *value);
        }
        for (name, help, value) in [
            ("lazuli_requests_accepted", "Requests that became a connection.", accepted),
            ("lazuli_requests_refused", "Requests for a channel that were refused.", refused),
            ("lazuli_connections_opened", "Connections whose upgrade went out.", opened),
            ("lazuli_connections_closed", "Connections that have ended.", closed),
            ("lazuli_connections_overflowed", "Connections closed because they were too slow.", overflowed),
            ("lazuli_messages_received", "Messages that came in, text and binary.", messages_in),
            ("lazuli_messages_received_bytes", "Payload of the messages that came in.", bytes_in),
            ("lazuli_frames_sent", "Frames handed to the driver, one for each receiver.", frames_out),
            ("lazuli_frames_sent_bytes", "Bytes of frames that were written.", bytes_out),
            ("lazuli_frames_dropped", "Frames dropped for slow connections, or with a close.", dropped),
            ("lazuli_callback_errors", "Callbacks that returned an error or could not be recorded.", errors),
            ("lazuli_callback_panics", "Callbacks that panicked.", panics),
            ("lazuli_timers_fired", "Timers of channels that fired.", timers_fired),
            ("lazuli_messages_rate_limited", "Messages refused because there were too many.", rate_limited),
            ("lazuli_connections_silent", "Connections closed because nothing was heard of their peers.", silent),
            ("lazuli_connections_expired", "Connections closed because their permission had expired.", expired),
            (
                "lazuli_requests_crowded",
                "Requests refused because there were too many, or too many connections.",
                crowded,
            ),
            ("lazuli_requests_locked_out", "Requests refused to addresses that had failed too often.", locked_out),
            ("lazuli_patches", "Patches of components that went out.", patches),
            ("lazuli_patches_bytes", "Bytes of those patches.", patch_bytes),
            ("lazuli_components_circles", "Messages between components dropped because they went in circles.", circles),
            ("lazuli_batches", "Batches that were handed to channels.", batches),
            ("lazuli_inputs_stale", "Inputs that named a connection too late, or twice.", stale),
            ("lazuli_publications_duplicate", "Publications that came a second time and were ignored.", duplicates),
            ("lazuli_publications_missed", "Publications of the backplane that never came.", missed),
            ("lazuli_publications_dropped", "Publications that the backplane could not take.", unpublished),
            ("lazuli_log_records_dropped", "Log records left out because there were too many.", unlogged),
        ] {
            self.counter(name, help).sample(&[], *value);
        }
        self.routes(routes);
    }

    /// What was counted for each route, with the label `route`.
    fn routes(&mut self, routes: &[RouteStats]) {
        type Value = fn(&RouteStats) -> u64;
        let counters: [(&str, &str, Value); 5] = [
            ("lazuli_route_connections_opened", "Connections that were opened.", |route| route.opened),
            ("lazuli_route_requests_refused", "Requests, and joins over Spark, that were refused.", |route| {
                route.refused
            }),
            ("lazuli_route_messages_received", "Messages that came in, text and binary.", |route| route.messages_in),
            ("lazuli_route_messages_received_bytes", "Payload of the messages that came in.", |route| route.bytes_in),
            ("lazuli_route_callback_errors", "Callbacks that failed or panicked.", |route| route.errors),
        ];
        if routes.is_empty() {
            return;
        }
        let each = |metric: Metric<'_>, value: Value| {
            routes.iter().fold(metric, |metric, route| metric.sample(&[("route", &route.route)], value(route)));
        };
        let now = self.gauge("lazuli_route_connections", "Connections now, and channels on Spark sockets.");
        each(now, |route| route.connections);
        for (name, help, value) in counters {
            each(self.counter(name, help), value);
        }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

impl Metric<'_> {
    /// Adds a value for these labels, which no other sample of this metric may have.
    pub fn sample(self, labels: &[(&str, &str)], value: u64) -> Self {
        let text = &mut self.page.text;
        *text += &self.name;
        for (n, (label, of)) in labels.iter().enumerate() {
            text.push(if n == 0 { '{' } else { ',' });
            *text += &clean(label).replace(':', "_");
            *text += "=\"";
            for c in of.chars() {
                match c {
                    '\\' => *text += "\\\\",
                    '"' => *text += "\\\"",
                    '\n' => *text += "\\n",
                    c => text.push(c),
                }
            }
            text.push('"');
        }
        if !labels.is_empty() {
            text.push('}');
        }
        *text += &format!(" {value}\n");
        self
    }
}

/// A name as it may be: what else would break the page becomes an underscore.
fn clean(name: &str) -> String {
    let first_is_digit = name.starts_with(|c: char| c.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let name: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if name.is_empty() || first_is_digit { ["_", &name].concat() } else { name }
}
