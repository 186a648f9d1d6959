//! What was done, in numbers, in the text format of Prometheus. No address is among them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Nobody needs longer to ask for the numbers, nor more words.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REQUEST: u64 = 4_096;

/// The numbers since the start of the program.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<BTreeMap<(&'static str, &'static str, &'static str), u64>>,
    microseconds: AtomicU64,
}

impl Metrics {
    /// A mail is through, by outcome and reason, after so long.
    pub fn decided(&self, outcome: &'static str, reason: &'static str, time: Duration) {
        self.count("messages_total", outcome, reason);
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(time, Ordering::Relaxed);
    }

    /// Something was learned, or not, by outcome and code.
    pub fn learned(&self, outcome: &'static str, code: &'static str) {
        self.count("learned_total", outcome, code);
    }

    /// A connection ended: how, and why.
    pub fn connection(&self, outcome: &'static str) {
        self.count("connections_total", outcome, "");
    }

    /// A configuration was read, or not.
    pub fn reload(&self, outcome: &'static str) {
        self.count("reloads_total", outcome, "");
    }

    fn count(&self, name: &'static str, outcome: &'static str, code: &'static str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((name, outcome, code)).or_default();
        *count = count.saturating_add(1);
    }

    /// All numbers as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((name, outcome, code), count) in counts {
            if name != last {
                let _ = writeln!(text, "# TYPE postseal_milter_{name} counter");
                last = name;
            }
            let _ = writeln!(text, "postseal_milter_{name}{{outcome=\"{outcome}\",code=\"{code}\"}} {count}");
        }
        let seconds = Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(text, "# TYPE postseal_milter_seconds_total counter\npostseal_milter_seconds_total {seconds}");
        text
    }

    /// Answers every request with the numbers.
    pub async fn serve(&self, listener: TcpListener) {
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                // One after the other: whoever is slow is sent away.
                let _ = timeout(PATIENCE, self.answer(stream)).await;
            } else {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.split();
        let (mut reader, mut request) = (reader.take(LONGEST_REQUEST), Vec::new());
        while !request.ends_with(b"\r\n\r\n") && reader.read_buf(&mut request).await? > 0 {}
        let text = self.text();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n";
        writer.write_all(format!("{head}Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).await?;
        writer.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_by_outcome_and_code() {
        let metrics = Metrics::default();
        metrics.decided("sealed", "", Duration::from_millis(250));
        metrics.decided("sealed", "", Duration::from_millis(250));
        metrics.learned("refused", "address-mismatch");
        assert_eq!(
            metrics.text(),
            "# TYPE postseal_milter_learned_total counter\n\
             postseal_milter_learned_total{outcome=\"refused\",code=\"address-mismatch\"} 1\n\
             # TYPE postseal_milter_messages_total counter\n\
             postseal_milter_messages_total{outcome=\"sealed\",code=\"\"} 2\n\
             # TYPE postseal_milter_seconds_total counter\n\
             postseal_milter_seconds_total 0.5\n"
        );
    }
}
