//! Metrics of this server: the handles that count, and the registry that renders them for Prometheus.

use model::{SECOND, Time};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use protocol::Errcode;
use std::sync::OnceLock;
use store::metrics::StoreMetrics;

/// Requests by endpoint and errcode.
type RequestFamily = Family<[(&'static str, String); 2], Counter>;

/// Tries of pushes by result.
type TryFamily = Family<[(&'static str, &'static str); 1], Counter>;

/// Metrics of message push.
pub struct PushMetrics {
    tries: TryFamily,
    /// Seconds from what happened to the first try of its push.
    pub lag: Histogram,
    /// Accounts whose developer's server is left alone.
    pub shielded: Gauge,
}

impl PushMetrics {
    fn new(registry: &mut Registry) -> Self {
        let metrics = PushMetrics {
            tries: TryFamily::default(),
            lag: Histogram::new(exponential_buckets(1e-3, 2.0, 20)),
            shielded: Gauge::default(),
        };
        registry.register("push_tries", "Tries of pushes by result", metrics.tries.clone());
        let help = "Time from what happened to the first try of its push";
        registry.register_with_unit("push_lag", help, Unit::Seconds, metrics.lag.clone());
        let help = "Accounts whose developer's server is left alone";
        registry.register("push_shielded_accounts", help, metrics.shielded.clone());
        metrics
    }

    /// Counts a try that was `taken`, or failed in one of the ways that alarms tell apart.
    pub fn count(&self, result: &'static str) {
        self.tries.get_or_create_owned(&[("result", result)]).inc();
    }
}

/// All metrics of this server. Counting uses handles that are kept, so a request looks nothing up.
pub struct Metrics {
    registry: Registry,
    requests: RequestFamily,
    /// Open streams of workbenches.
    pub desk_streams: Gauge,
    /// Open streams of customers.
    pub chat_streams: Gauge,
    /// Those of message push.
    pub push: PushMetrics,
    agents: Gauge,
    feed_readers: Gauge,
    feed_lag: Gauge,
}

impl Metrics {
    /// Registers the metrics of a server that started at `started_at`, and those of its store.
    #[must_use]
    pub fn new(store: &StoreMetrics, started_at: Time) -> Self {
        let mut registry = Registry::with_prefix("kefu");
        registry.register(
            "build",
            "The program's version",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let started = ConstGauge::new(started_at as f64 / SECOND as f64);
        registry.register_with_unit("start_time", "Unix time of the start", Unit::Seconds, started);
        let requests = RequestFamily::default();
        registry.register("requests", "Requests by endpoint and errcode", requests.clone());
        registry.register("store_verbs", "Verbs that the store was asked to run", store.verbs.clone());
        registry.register("store_refused", "Verbs refused because too many waited", store.refused.clone());
        registry.register("store_queue_verbs", "Verbs that wait for the store or run", store.waiting.clone());
        registry.register("store_batch_verbs", "Verbs that shared a commit", store.batch.clone());
        let help = "Duration of a durable commit";
        registry.register_with_unit("store_commit", help, Unit::Seconds, store.commit.clone());
        let streams = Family::<[(&str, &str); 1], Gauge>::default();
        registry.register("streams", "Open streams of this node", streams.clone());
        let push = PushMetrics::new(&mut registry);
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        Metrics {
            agents: gauge("agents", "Agents with an open stream at this node"),
            feed_readers: gauge("feed_readers", "Owners whose feed is read at this node"),
            feed_lag: gauge("feed_lag_changes", "Unread changes of the feed reader that is furthest behind"),
            desk_streams: streams.get_or_create_owned(&[("of", "desk")]),
            chat_streams: streams.get_or_create_owned(&[("of", "chat")]),
            push,
            registry,
            requests,
        }
    }

    /// The counters of the requests to one endpoint.
    #[must_use]
    pub fn requests(&self, endpoint: &'static str) -> RequestCounter {
        let by_code = Errcode::ALL.iter().map(|_| OnceLock::new()).collect();
        RequestCounter { endpoint, family: self.requests.clone(), by_code }
    }

    /// The metrics in the text format of OpenMetrics, with what is counted only now: the agents with a stream, and the
    /// feed's readers and lag.
    ///
    /// # Errors
    /// Never for a text in memory.
    pub fn text(
        &self,
        agents: usize,
        (feed_readers, feed_lag): (usize, i64),
    ) -> Result<String, std::fmt::Error> {
        self.agents.set(agents as i64);
        self.feed_readers.set(feed_readers as i64);
        self.feed_lag.set(feed_lag);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The counters of the requests to one endpoint, by errcode. A counter exists from the first request that it counts.
pub struct RequestCounter {
    endpoint: &'static str,
    family: RequestFamily,
    /// In the order of [`Errcode::ALL`], which is the enum's.
    by_code: Box<[OnceLock<Counter>]>,
}

impl RequestCounter {
    /// Counts a request that was answered with `code`.
    pub fn count(&self, code: Errcode) {
        if let Some(counter) = self.by_code.get(code as usize) {
            counter.get_or_init(|| self.counter(code)).inc();
        }
    }

    #[cold]
    fn counter(&self, code: Errcode) -> Counter {
        let labels = [("endpoint", self.endpoint.to_owned()), ("errcode", code.number().to_string())];
        self.family.get_or_create_owned(&labels)
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use protocol::Errcode;
    use store::metrics::{GaugeGuard, StoreMetrics};

    #[test]
    fn every_code_has_a_counter_of_its_own() {
        let metrics = Metrics::new(&StoreMetrics::default(), 0);
        let requests = metrics.requests("x");
        Errcode::ALL.iter().for_each(|code| requests.count(*code));
        let text = metrics.text(0, (0, 0)).unwrap();
        for code in Errcode::ALL {
            let line = format!("kefu_requests_total{{endpoint=\"x\",errcode=\"{}\"}} 1\n", code.number());
            assert!(text.contains(&line), "{code}");
        }
    }

    #[test]
    fn a_gauge_counts_its_guards_until_they_are_dropped() {
        let metrics = Metrics::new(&StoreMetrics::default(), 0);
        let guards = (GaugeGuard::enter(&metrics.desk_streams), GaugeGuard::enter(&metrics.desk_streams));
        assert_eq!(metrics.desk_streams.get(), 2);
        drop(guards.0);
        assert!(metrics.text(0, (0, 0)).unwrap().contains("kefu_streams{of=\"desk\"} 1\n"));
    }
}
