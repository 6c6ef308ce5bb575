//! Requests as they are counted, and what is counted in Prometheus' format.

use protocol::Errcode;
use std::fmt::Write as _;
use store::meter::{Counter, Histogram, Stores};

/// Requests by what they were answered.
pub struct Requests {
    name: &'static str,
    by_code: Box<[Counter]>,
}

impl Requests {
    /// None yet to what has this name.
    #[must_use]
    pub fn to(name: &'static str) -> Self {
        Requests { name, by_code: Errcode::ALL.iter().map(|_| Counter::default()).collect() }
    }

    /// One was answered so.
    pub fn answered(&self, code: Errcode) {
        // The table's order is the enum's.
        if let Some(counter) = self.by_code.get(code as usize) {
            counter.add();
        }
    }
}

/// Text in Prometheus' format, as it grows.
#[derive(Default)]
pub struct Exposition(String);

impl Exposition {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A metric of one number, or of one for each set of labels.
    pub fn metric(&mut self, name: &str, kind: &str, help: &str, values: &[(&str, f64)]) {
        self.head(name, kind, help);
        for (labels, value) in values {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    /// Requests by endpoint and code; what never happened is left out.
    pub fn requests<'r>(&mut self, all: impl Iterator<Item = &'r Requests>) {
        let name = "kefu_requests_total";
        self.head(name, "counter", "Requests by endpoint and errcode.");
        for requests in all {
            for (code, count) in
                Errcode::ALL.iter().zip(&requests.by_code).filter(|(_, count)| count.get() > 0)
            {
                let (endpoint, code, count) = (requests.name, code.number(), count.get());
                let _ = writeln!(self.0, "{name}{{endpoint=\"{endpoint}\",errcode=\"{code}\"}} {count}");
            }
        }
    }

    /// A histogram whose unit is `scale` of the metric's.
    fn histogram<const N: usize>(&mut self, name: &str, help: &str, histogram: &Histogram<N>, scale: f64) {
        self.head(name, "histogram", help);
        let (buckets, beyond, sum) = histogram.counts();
        let (mut count, mut bound) = (0, scale);
        for bucket in buckets {
            count += bucket;
            let _ = writeln!(self.0, "{name}_bucket{{le=\"{bound}\"}} {count}");
            bound *= 2.0;
        }
        count += beyond;
        #[allow(clippy::cast_precision_loss, reason = "a sum for a chart")]
        let sum = sum as f64 * scale;
        let _ =
            writeln!(self.0, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}");
    }

    /// What the store counts.
    pub fn stores(&mut self, stores: &Stores) {
        #[allow(clippy::cast_precision_loss, reason = "exact up to 2⁵³")]
        let (verbs, refused, waiting) =
            (stores.verbs.get() as f64, stores.refused.get() as f64, stores.waiting.get() as f64);
        self.metric("kefu_store_verbs_total", "counter", "Verbs the store was asked to run.", &[("", verbs)]);
        self.metric(
            "kefu_store_refused_total",
            "counter",
            "Verbs refused because too many waited.",
            &[("", refused)],
        );
        self.metric(
            "kefu_store_queue_verbs",
            "gauge",
            "Verbs that wait for the store or run in it.",
            &[("", waiting)],
        );
        self.histogram("kefu_store_batch_verbs", "Verbs that shared a commit.", &stores.batch, 1.0);
        self.histogram("kefu_store_commit_seconds", "Time of a durable commit.", &stores.commit, 1e-6);
    }

    /// The whole text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Exposition, Requests};
    use protocol::Errcode;
    use store::meter::Histogram;

    #[test]
    fn a_histogram_counts_up_and_says_how_large_all_is() {
        let histogram = Histogram::<3>::default();
        [0, 1, 2, 3, 4, 5, 1000].into_iter().for_each(|size| histogram.note(size));
        let mut text = Exposition::default();
        text.histogram("x", "X.", &histogram, 1.0);
        insta::assert_snapshot!(text.into_text(), @r#"
        # HELP x X.
        # TYPE x histogram
        x_bucket{le="1"} 2
        x_bucket{le="2"} 3
        x_bucket{le="4"} 5
        x_bucket{le="+Inf"} 7
        x_sum 1015
        x_count 7
        "#);
    }

    #[test]
    fn every_code_has_a_place_of_its_own() {
        let requests = Requests::to("x");
        Errcode::ALL.iter().for_each(|code| requests.answered(*code));
        let mut text = Exposition::default();
        text.requests([&requests].into_iter());
        let text = text.into_text();
        for code in Errcode::ALL {
            assert!(
                text.contains(&format!("{{endpoint=\"x\",errcode=\"{}\"}} 1\n", code.number())),
                "{code}"
            );
        }
    }
}
