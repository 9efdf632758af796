//! Writes go one at a time and not too fast: GitHub counts bursts of them as abuse (80 new things a minute).

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::adapters::github::retry::{Kind, Tempo};

/// When the last writes began.
#[derive(Debug, Default)]
pub(super) struct Last {
    write: Option<Instant>,
    notification: Option<Instant>,
}

/// Lets one write through at a time.
#[derive(Debug, Default)]
pub(super) struct Pacer(Mutex<Last>);

impl Pacer {
    /// Waits for the turn of a request; it lasts until the value is dropped. Reads need not wait.
    pub(super) async fn turn(&self, kind: Kind, tempo: &Tempo) -> Option<MutexGuard<'_, Last>> {
        if !kind.is_write() {
            return None;
        }
        let mut last = self.0.lock().await;
        let notifies = kind == Kind::CreateAndNotify;
        let after_write = last.write.map(|at| at + tempo.write_gap);
        let after_notification = last.notification.map(|at| at + tempo.notify_gap);
        if let Some(free) = after_write.max(after_notification.filter(|_| notifies)) {
            sleep_until(free).await;
        }
        let now = Instant::now();
        last.write = Some(now);
        if notifies {
            last.notification = Some(now);
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use Kind::{Create, CreateAndNotify as Notify, Read, Replace};

    const HOUR: Duration = Duration::from_hours(1);
    const SHORT: Duration = Duration::from_millis(1);

    /// When each request of a row begins, if each is answered at once.
    async fn beginnings(
        kinds: &[Kind],
        write_gap: Duration,
        notify_gap: Duration,
    ) -> Vec<Duration> {
        let tempo = Tempo { write_gap, notify_gap, ..Tempo::default() };
        let (pacer, began) = (Pacer::default(), Instant::now());
        let mut times = Vec::new();
        for kind in kinds {
            let _turn = pacer.turn(*kind, &tempo).await;
            times.push(began.elapsed());
        }
        times
    }

    #[tokio::test]
    async fn writes_keep_their_distance() {
        let gaps = [20, 60].map(Duration::from_millis);
        for (kinds, earliest) in [
            (&[Replace, Replace, Create][..], &[0, 20, 40][..]),
            (&[Notify, Notify, Notify], &[0, 60, 120]),
            (&[Notify, Replace, Read, Notify], &[0, 20, 20, 60]),
            (&[Replace, Notify], &[0, 20]),
        ] {
            let times = beginnings(kinds, gaps[0], gaps[1]).await;
            let earliest = earliest.iter().map(|ms| Duration::from_millis(*ms));
            assert!(times.iter().zip(earliest).all(|(at, ms)| *at >= ms), "{kinds:?} {times:?}");
        }
    }

    #[tokio::test]
    async fn nothing_waits_that_need_not() {
        for (kinds, write_gap, notify_gap) in [
            (&[Read, Replace, Read, Read][..], HOUR, HOUR),
            (&[Notify, Replace, Create], SHORT, HOUR),
        ] {
            let times = tokio::time::timeout(HOUR / 60, beginnings(kinds, write_gap, notify_gap));
            assert_eq!(times.await.map(|times| times.len()), Ok(kinds.len()));
        }
    }

    #[tokio::test]
    async fn a_second_write_waits_for_the_end_of_the_first() {
        let pacer = Pacer::default();
        let tempo = Tempo { write_gap: SHORT, notify_gap: SHORT, ..Tempo::default() };
        let first = pacer.turn(Create, &tempo).await;
        let second = pacer.turn(Create, &tempo);
        tokio::pin!(second);
        let waited = tokio::time::timeout(Duration::from_millis(50), &mut second).await;
        assert!(waited.is_err(), "the first is still going on");
        drop(first);
        assert!(second.await.is_some());
    }
}
