//! What the servers of this test process log, at `debug`, for the test that nothing personal is in it.

use ruhu_server::config::log::{Log, LogFormat};
use ruhu_server::telemetry;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use tracing_subscriber::fmt::MakeWriter;

/// Collects every line that was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

static CAPTURED: OnceLock<Captured> = OnceLock::new();

/// Starts the log of the whole process; a second call changes nothing.
pub(crate) fn capture() {
    CAPTURED.get_or_init(|| {
        let captured = Captured::default();
        let log = Log { filter: "debug".to_owned(), format: LogFormat::Json };
        let subscriber = telemetry::subscriber(&log, captured.clone()).expect("a filter");
        tracing::subscriber::set_global_default(subscriber).expect("the only log of the process");
        captured
    });
}

/// Everything that was logged so far.
pub fn text() -> String {
    let captured = CAPTURED.get().expect("an app was started");
    String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned()
}
