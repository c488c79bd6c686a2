//! What a phone offered and what it was told, on the disk, one line of JSON each.
//! It is written before a request goes out and after an answer was read, and is the only witness of the checks.

use crate::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use uuid::Uuid;

/// A line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// An operation that was made. It is offered until it is acknowledged.
    Offered { op: Uuid, kind: String, subject: Uuid },
    /// The receipt that the phone got for it, under this number of the device.
    Acknowledged { op: Uuid, device: Uuid, epoch: i64, seq: i64, receipt: Value },
}

/// A phone's ledger, being written.
pub struct Ledger(File);

impl Ledger {
    /// Begins one.
    pub fn begin(folder: &Path, phone: &str) -> Result<Self> {
        let path = folder.join(format!("{phone}.jsonl"));
        Ok(Self(OpenOptions::new().append(true).create_new(true).open(path)?))
    }

    /// Writes a line.
    pub fn write(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        Ok(self.0.write_all(&text)?)
    }
}

/// What became of an operation, as its phone knows it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: String,
    pub subject: Uuid,
    pub answer: Option<Answer>,
}

/// A receipt and the number under which it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub device: Uuid,
    pub epoch: i64,
    pub seq: i64,
    pub receipt: Value,
}

impl Answer {
    /// The receipt that decided: of a duplicate, the first one.
    pub fn deciding(&self) -> &Value {
        if self.receipt["outcome"] == "duplicate" { &self.receipt["first"] } else { &self.receipt }
    }
}

/// Reads every ledger of a folder. A line that is being written just now is left out.
pub fn read(folder: &Path) -> Result<BTreeMap<Uuid, Entry>> {
    let mut entries = BTreeMap::new();
    for file in fs::read_dir(folder)? {
        let text = fs::read_to_string(file?.path())?;
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            match serde_json::from_str(line)? {
                Line::Offered { op, kind, subject } => {
                    entries.insert(op, Entry { kind, subject, answer: None });
                }
                Line::Acknowledged { op, device, epoch, seq, receipt } => {
                    let entry = entries.get_mut(&op).ok_or("a receipt for what was never offered")?;
                    entry.answer = Some(Answer { device, epoch, seq, receipt });
                }
            }
        }
    }
    Ok(entries)
}
