//! Push: several phones at once, each with batches of complete first surveys, every rule on.

use crate::Result;
use crate::figures::{PushFigures, percentile_ms};
use crate::http::Client;
use crate::seed::Worker;
use crate::server::Server;
use ruhu_domain::form::{Definitions, canonical_hash};
use ruhu_domain::time::Time;
use ruhu_server::demo;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Operations of one request, and of one commit.
pub const BATCH_OPS: usize = 25;
/// A phone that has not finished by then stops.
const TIME_MAX: Duration = Duration::from_secs(300);
/// Seeds of one phone's households lie this far from the next one's.
const SEED_STEP: u64 = 1_000_000;

/// The requests of one phone, in order.
pub struct Lane {
    worker: Worker,
    requests: Vec<Vec<u8>>,
}

/// Makes every request beforehand: `visits` in all, shared evenly, in whole batches.
pub fn prepare(definitions: &Definitions, workers: &[Worker], visits: usize, now: Time) -> Result<Vec<Lane>> {
    let batches = visits.div_ceil(BATCH_OPS * workers.len()).max(1);
    let numbered: Vec<(u64, &Worker)> = (1..).zip(workers).collect();
    thread::scope(|scope| {
        let make = |(number, worker)| scope.spawn(move || lane(definitions, worker, number * SEED_STEP, batches, now));
        let running: Vec<_> = numbered.into_iter().map(make).collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| "a survey could not be made")?).collect()
    })
}

fn lane(definitions: &Definitions, worker: &Worker, seed: u64, batches: usize, now: Time) -> Result<Lane> {
    let mut requests = Vec::with_capacity(batches);
    let mut seq = 0_u64;
    for _ in 0..batches {
        let mut ops = Vec::with_capacity(BATCH_OPS);
        for _ in 0..BATCH_OPS {
            seq += 1;
            ops.push(operation(definitions, worker, seed + seq, seq, now)?);
        }
        let manifest = json!({ "count": 0, "first_seq": null, "last_seq": null, "head": "" });
        let request = json!({
            "device": worker.device, "epoch": 1, "protocol": 1, "app_build": "bench", "manifest": manifest, "ops": ops,
        });
        requests.push(serde_json::to_vec(&request)?);
    }
    Ok(Lane { worker: worker.clone(), requests })
}

fn operation(definitions: &Definitions, worker: &Worker, seed: u64, seq: u64, now: Time) -> Result<Value> {
    let place = usize::try_from(seq)? % worker.communities.len().max(1);
    let community = worker.communities.get(place).ok_or("this caseworker has no community")?;
    let started_at = now.plus_ms(-7_200_000 - 60_000 * i64::try_from(seq)?);
    let proposal = demo::found_household(definitions, seed, community, started_at)?;
    let (subject, recorded_at) = (proposal.id, proposal.ended_at);
    let visit = serde_json::to_value(proposal)?;
    let hash = canonical_hash(&visit)?;
    Ok(json!({
        "seq": seq, "id": Uuid::now_v7(), "kind": "visit.submit", "version": 1, "subject": subject, "after": null,
        "recorded_at": recorded_at, "clock": { "offset_ms": 0, "monotonic_ms": 1 },
        "body": { "visit": visit, "hash": hash },
    }))
}

/// Sends everything, all phones at once; every operation must have been applied.
pub fn run(server: &Server, lanes: &[Lane]) -> Result<PushFigures> {
    let mut clients = Vec::with_capacity(lanes.len());
    for lane in lanes {
        let mut client = Client::connect(server.address)?;
        client.sign_in(&lane.worker.login, demo::PASSWORD, &lane.worker.device.to_string())?;
        clients.push(client);
    }
    let start = Barrier::new(lanes.len() + 1);
    let cpu_before = server.cpu_ms()?;
    let (began, answers) = thread::scope(|scope| -> Result<_> {
        let running: Vec<_> = lanes
            .iter()
            .zip(clients)
            .map(|(lane, client)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    send(lane, client)
                })
            })
            .collect();
        start.wait();
        let began = Instant::now();
        let mut answers = Vec::new();
        for thread in running {
            answers.extend(thread.join().map_err(|_| "a phone broke down")??);
        }
        Ok((began, answers))
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let server_cpu_ms = server.cpu_ms()? - cpu_before;
    let mut operations = 0;
    for (_, body) in &answers {
        operations += count_applied(body)?;
    }
    let took: Vec<Duration> = answers.iter().map(|(took, _)| *took).collect();
    let bytes: usize = lanes.iter().flat_map(|lane| &lane.requests).map(Vec::len).sum();
    let prepared: usize = lanes.iter().map(|lane| lane.requests.len() * BATCH_OPS).sum();
    Ok(PushFigures {
        operations,
        phones: lanes.len(),
        seconds,
        p50_ms: percentile_ms(&took, 50),
        p99_ms: percentile_ms(&took, 99),
        server_cpu_ms_per_op: server_cpu_ms / operations as f64,
        bytes_per_op: bytes as f64 / prepared as f64,
    })
}

/// One phone's batches, one after the other: how long each took, and what came back.
fn send(lane: &Lane, mut client: Client) -> Result<Vec<(Duration, Vec<u8>)>> {
    let began = Instant::now();
    let mut answers = Vec::with_capacity(lane.requests.len());
    for request in &lane.requests {
        if began.elapsed() > TIME_MAX {
            break;
        }
        let reply = client.post("/api/v1/sync/push", request, "")?.expect_ok()?;
        answers.push((reply.took, reply.body));
    }
    Ok(answers)
}

fn count_applied(body: &[u8]) -> Result<usize> {
    let answer: Value = serde_json::from_slice(body)?;
    let receipts = answer["receipts"].as_array().ok_or("an answer without receipts")?;
    match receipts.iter().find(|receipt| receipt["outcome"] != "applied") {
        Some(receipt) => Err(format!("an operation was not applied: {receipt}").into()),
        None if receipts.len() == BATCH_OPS => Ok(receipts.len()),
        None => Err("an answer with too few receipts".into()),
    }
}
