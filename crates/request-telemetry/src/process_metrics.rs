//! Metrics of the process, under the names that Prometheus' client libraries give them. They are read from `/proc`, so they are
//! absent on systems other than Linux.

use std::fs;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Memory and open files of the process.
pub struct ProcessMetrics {
    memory: Gauge,
    files: Gauge,
    max_files: Gauge,
}

impl ProcessMetrics {
    /// Registers the metrics, if the system provides them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            memory: Gauge::default(),
            files: Gauge::default(),
            max_files: Gauge::default(),
        };
        if resident_memory().is_none() {
            return metrics;
        }
        registry.register_with_unit(
            "process_resident_memory",
            "Resident memory",
            Unit::Bytes,
            metrics.memory.clone(),
        );
        registry.register("process_open_fds", "Open files", metrics.files.clone());
        registry.register(
            "process_max_fds",
            "Maximum number of open files",
            metrics.max_files.clone(),
        );
        metrics
    }

    /// Reads the current values.
    pub fn update(&self) {
        for (gauge, value) in [
            (&self.memory, resident_memory()),
            (&self.files, open_files()),
            (&self.max_files, max_files()),
        ] {
            if let Some(value) = value {
                gauge.set(value);
            }
        }
    }
}

/// The resident memory in bytes.
fn resident_memory() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
}

fn open_files() -> Option<i64> {
    i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}

fn max_files() -> Option<i64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    files.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn open_files_are_counted() {
        let file = fs::File::open("/proc/self/status").unwrap();
        let before = open_files().unwrap();
        let others: Vec<fs::File> = (0..50).map(|_| file.try_clone().unwrap()).collect();
        // The number is not exact, since other tests open and close files at the same time.
        assert!(open_files().unwrap() > before + 20);
        drop(others);
        assert!(resident_memory().unwrap() > 100_000);
        assert!(max_files().unwrap() >= open_files().unwrap());
    }
}
