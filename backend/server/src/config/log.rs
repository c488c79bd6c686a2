//! What is logged and how it looks.

use super::Settings;

/// Settings of the log.
#[derive(Debug, Clone)]
pub struct Log {
    /// Filter such as `info` or `ruhu_server=debug`.
    pub filter: String,
    pub format: LogFormat,
}

/// One line per event, for people or for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Pretty }
    }
}

impl Log {
    pub(super) fn read(settings: &mut Settings) -> Self {
        let default = Self::default();
        let filter = settings.text("RUHU_LOG").unwrap_or(default.filter);
        let read = |text: &str| match text {
            "pretty" => Ok(LogFormat::Pretty),
            "json" => Ok(LogFormat::Json),
            _ => Err("it is `pretty` or `json`"),
        };
        let format = settings.read("RUHU_LOG_FORMAT", read).unwrap_or(default.format);
        Self { filter, format }
    }
}
