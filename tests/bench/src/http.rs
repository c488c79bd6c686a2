//! A client that costs next to nothing, because it shares the processor with the server that is measured:
//! one connection, requests made beforehand, answers kept as bytes.

use crate::Result;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// No single answer may take longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A kept-alive connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    token: Option<String>,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    /// Content coding; empty for plain.
    pub coding: String,
    /// As it came over the wire, chunk frames not counted.
    pub body: Vec<u8>,
    /// From the first byte sent to the last byte received.
    pub took: Duration,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream), address, token: None })
    }

    /// Signs in on a phone; later requests are in this person's name.
    pub fn sign_in(&mut self, login: &str, password: &str, device: &str) -> Result<()> {
        let device = serde_json::json!({ "id": device, "label": "bench" });
        let body = serde_json::json!({ "login": login, "password": password, "device": device }).to_string();
        let reply = self.post("/api/v1/auth/login", body.as_bytes(), "")?.expect_ok()?;
        let session: serde_json::Value = serde_json::from_slice(&reply.body)?;
        self.token = session["access_token"].as_str().map(str::to_owned);
        Ok(())
    }

    /// A look at a public page.
    pub fn get(&mut self, path: &str) -> Result<Reply> {
        self.send("GET", path, b"", "")
    }

    /// A JSON body; `codings` is what the answer may be packed with.
    pub fn post(&mut self, path: &str, body: &[u8], codings: &str) -> Result<Reply> {
        self.send("POST", path, body, codings)
    }

    fn send(&mut self, method: &str, path: &str, body: &[u8], codings: &str) -> Result<Reply> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if let Some(token) = &self.token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if !codings.is_empty() {
            head.push_str(&format!("Accept-Encoding: {codings}\r\n"));
        }
        if method == "POST" {
            head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let began = Instant::now();
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut reply = self.receive()?;
        reply.took = began.elapsed();
        Ok(reply)
    }

    fn receive(&mut self) -> Result<Reply> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or("not an HTTP answer")?;
        let (mut length, mut is_chunked, mut coding) = (0, false, String::new());
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "transfer-encoding" => is_chunked = value.eq_ignore_ascii_case("chunked"),
                "content-encoding" => coding = value.to_owned(),
                _ => {}
            }
        }
        let mut body = Vec::new();
        if is_chunked {
            while self.chunk(&mut body)? {}
        } else {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Reply { status, coding, body, took: Duration::ZERO })
    }

    /// One chunk; `false` after the last.
    fn chunk(&mut self, body: &mut Vec<u8>) -> Result<bool> {
        let line = self.line()?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
        let from = body.len();
        body.resize(from + size, 0);
        self.stream.read_exact(&mut body[from..])?;
        self.line()?;
        Ok(size > 0)
    }

    /// A line without its end; empty between head and body.
    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Reply {
    /// Fails on anything but a success, in the server's words.
    pub fn expect_ok(self) -> Result<Self> {
        if self.status == 200 {
            return Ok(self);
        }
        Err(format!("answered {}: {}", self.status, String::from_utf8_lossy(&self.body)).into())
    }

    /// The body unpacked.
    pub fn plain(&self) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        match self.coding.as_str() {
            "" | "identity" => plain.extend_from_slice(&self.body),
            "gzip" => drop(flate2::read::MultiGzDecoder::new(&self.body[..]).read_to_end(&mut plain)?),
            "zstd" => drop(zstd::stream::read::Decoder::new(&self.body[..])?.read_to_end(&mut plain)?),
            other => return Err(format!("the answer is packed with {other}").into()),
        }
        Ok(plain)
    }
}
