//! The progress bar, on standard error and on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

const INTERVAL: Duration = Duration::from_millis(100);

pub(in crate::cli) struct Bar {
    bar: ProgressBar,
    draw_task: JoinHandle<()>,
}

impl Bar {
    /// Draws the progress until [`Bar::clear`]. `progress` returns the stage, the number of rows done, and the number of all
    /// rows.
    pub(in crate::cli) fn show(progress: impl Fn() -> (&'static str, u64, u64) + Send + 'static) -> Self {
        // The draw target hides the bar if standard error is not a terminal.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg:14} {bar:40} {pos}/{len} rows, {eta} left") {
            bar.set_style(style);
        }
        let task_bar = bar.clone();
        let draw_task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(INTERVAL);
            loop {
                ticks.tick().await;
                let (stage, done, total) = progress();
                task_bar.set_message(stage);
                task_bar.set_length(total);
                task_bar.set_position(done);
            }
        });
        Self { bar, draw_task }
    }

    pub(in crate::cli) fn clear(self) {
        self.draw_task.abort();
        self.bar.finish_and_clear();
    }
}
