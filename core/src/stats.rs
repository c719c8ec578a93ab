//! What a hub has counted.

use alloc::sync::Arc;
use alloc::vec::Vec;

/// Counters since the hub's start, and what there is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections now, from the accepted request to the close.
    pub connections: u64,
    /// Channels on Spark sockets now.
    pub channels: u64,
    /// Components mounted now.
    pub components: u64,
    /// Users with at least one connection now.
    pub users: u64,
    /// Rooms with at least one member now.
    pub rooms: u64,
    /// Timers set now, the hub's own included, but for heartbeats.
    pub timers: u64,
    /// Requests that became a connection.
    pub accepted: u64,
    /// Requests for a channel that were refused.
    pub refused: u64,
    /// Connections whose upgrade went out.
    pub opened: u64,
    /// Connections that have ended.
    pub closed: u64,
    /// Messages that came in, text and binary.
    pub messages_in: u64,
    /// Their payload in bytes.
    pub bytes_in: u64,
    /// Frames handed to the driver, one for each receiver.
    pub frames_out: u64,
    /// Wire bytes that the driver reported as written.
    pub bytes_out: u64,
    /// Frames dropped by a policy for slow connections, or with a close.
    pub dropped: u64,
    /// Connections closed because they were too slow.
    pub overflowed: u64,
    /// Callbacks that returned an error or could not be recorded.
    pub errors: u64,
    /// Callbacks that panicked.
    pub panics: u64,
    /// Timers of channels that fired.
    pub timers_fired: u64,
    /// Messages that were refused because there were too many.
    pub rate_limited: u64,
    /// Connections that were closed because nothing was heard of their peers.
    pub silent: u64,
    /// Requests that were refused because there were too many connections, in all or of one address, or too many requests.
    pub crowded: u64,
    /// Requests that were refused because their address had failed too often to show who it is.
    pub locked_out: u64,
    /// Connections that were closed because their permission had expired.
    pub expired: u64,
    /// Patches of components that went out.
    pub patches: u64,
    /// Their bytes.
    pub patch_bytes: u64,
    /// Messages of components to components that were dropped because they went round in circles.
    pub circles: u64,
    /// Batches that were handed to channels.
    pub batches: u64,
    /// Inputs that named a connection too late, or twice.
    pub stale: u64,
    /// Publications of the backplane that came a second time and were ignored.
    pub duplicates: u64,
    /// Publications of the backplane that never came.
    pub missed: u64,
    /// Publications that were dropped because the backplane was away for too long, or could not be read.
    pub unpublished: u64,
    /// Log records that were left out because there were too many.
    pub unlogged: u64,
    /// Of each route of a channel, of Spark and of a component, in the order in which they were added.
    pub routes: Vec<RouteStats>,
}

/// What a hub has counted for one route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteStats {
    /// Its pattern; a component's name.
    pub route: Arc<str>,
    /// Connections now; on a Spark socket each channel counts for its own route.
    pub connections: u64,
    /// Connections that were opened.
    pub opened: u64,
    /// Requests, and joins over Spark, that were refused.
    pub refused: u64,
    /// Messages that came in, text and binary.
    pub messages_in: u64,
    /// Their payload in bytes.
    pub bytes_in: u64,
    /// Callbacks that returned an error, could not be recorded, or panicked.
    pub errors: u64,
}

impl Stats {
    pub(crate) fn route_mut(&mut self, route: u32) -> Option<&mut RouteStats> {
        self.routes.get_mut(route as usize)
    }
}
