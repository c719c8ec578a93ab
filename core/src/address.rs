//! What is remembered of addresses: how many connections each has, and how often it was refused.

use crate::rate::{Bucket, Rate};
use crate::time::Time;
use alloc::collections::BTreeMap;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

/// One client's address: of IPv6 the first 64 bits, because the rest is the client's own to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(u64);

impl From<SocketAddr> for Address {
    fn from(peer: SocketAddr) -> Address {
        Address(match peer.ip().to_canonical() {
            IpAddr::V4(ip) => u64::from(ip.to_bits()),
            // The highest bits of a global address are never those of the first kind.
            IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64 | 1 << 63,
        })
    }
}

#[derive(Debug, Default)]
struct Entry {
    conns: u32,
    failures: Bucket,
}

impl Entry {
    fn is_idle(&self, now: Time) -> bool {
        self.conns == 0 && self.failures.is_full(now)
    }
}

/// By address: only what is not idle, and at times as much again.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    entries: BTreeMap<Address, Entry>,
    /// At this size those that are idle are looked for.
    sweep_at: usize,
}

impl Addresses {
    pub(crate) fn conns(&self, address: Address) -> usize {
        self.entries.get(&address).map_or(0, |entry| entry.conns as usize)
    }

    pub(crate) fn connected(&mut self, address: Address, now: Time) {
        self.entry(address, now).conns += 1;
    }

    pub(crate) fn disconnected(&mut self, address: Address, now: Time) {
        if let Some(entry) = self.entries.get_mut(&address) {
            entry.conns = entry.conns.saturating_sub(1);
            if entry.is_idle(now) {
                self.entries.remove(&address);
            }
        }
    }

    /// Notes that this address has failed to show who it is.
    pub(crate) fn failed(&mut self, address: Address, rate: Rate, now: Time) {
        self.entry(address, now).failures.take(rate, now);
    }

    /// How long this address has to wait before it may try again.
    pub(crate) fn wait(&self, address: Address, rate: Rate, now: Time) -> Duration {
        self.entries.get(&address).map_or(Duration::ZERO, |entry| entry.failures.wait(rate, now))
    }

    fn entry(&mut self, address: Address, now: Time) -> &mut Entry {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, entry| !entry.is_idle(now));
            self.sweep_at = 2 * self.entries.len() + 64;
        }
        self.entries.entry(address).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse::<SocketAddr>().unwrap().into()
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        assert_eq!(address("[2001:db8::1]:1"), address("[2001:db8::ffff:2]:2"));
        assert_ne!(address("[2001:db8::1]:1"), address("[2001:db8:0:1::1]:1"));
        assert_eq!(address("[::ffff:10.0.0.1]:1"), address("10.0.0.1:2"));
        assert_ne!(address("10.0.0.1:1"), address("10.0.0.2:1"));
    }

    #[test]
    fn what_is_idle_is_forgotten() {
        let (mut addresses, rate) = (Addresses::default(), Rate { per_second: 1, burst: 2 });
        for second in 0..10_000 {
            let ip = core::net::Ipv4Addr::from_bits(second as u32);
            addresses.failed(SocketAddr::from((ip, 1)).into(), rate, Time::from_micros(second * 1_000_000));
        }
        assert!(addresses.entries.len() < 200, "{}", addresses.entries.len());
        let (one, now) = (address("10.0.0.1:1"), Time::from_micros(1));
        addresses.connected(one, now);
        assert_eq!(addresses.conns(one), 1);
        addresses.disconnected(one, now);
        assert_eq!(addresses.conns(one), 0);
    }

    #[test]
    fn failures_are_waited_for() {
        let (mut addresses, rate, one) =
            (Addresses::default(), Rate { per_second: 1, burst: 2 }, address("10.0.0.1:1"));
        for _ in 0..2 {
            assert_eq!(addresses.wait(one, rate, Time::ZERO), Duration::ZERO);
            addresses.failed(one, rate, Time::ZERO);
        }
        assert_eq!(addresses.wait(one, rate, Time::ZERO), Duration::from_secs(1));
        assert_eq!(addresses.wait(one, rate, Time::from_micros(1_000_000)), Duration::ZERO);
        assert_eq!(addresses.wait(address("10.0.0.2:1"), rate, Time::ZERO), Duration::ZERO);
    }
}
