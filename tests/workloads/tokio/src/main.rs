// SPDX-License-Identifier: GPL-2.0-or-later
//! tokio-target multi|current PATTERN: a Tokio program that is idle but for timers, and blocks
//! once when "go" is read. Its own clock's account of that is the TURN line; it stays idle after
//! it, until its standard input ends.
use std::io::{BufRead, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;

const BLOCK: Duration = Duration::from_millis(400);

fn now_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}

#[inline(never)]
fn block_sleep() {
    std::thread::sleep(BLOCK);
}

#[inline(never)]
fn block_lock() {
    let lock = Arc::new(Mutex::new(0));
    let (taken, wait) = std::sync::mpsc::channel();
    let of_owner = lock.clone();
    let owner = std::thread::spawn(move || {
        let guard = of_owner.lock();
        taken.send(()).unwrap();
        std::thread::sleep(BLOCK);
        drop(guard);
    });
    wait.recv().unwrap();
    drop(lock.lock().unwrap());
    owner.join().unwrap();
}

#[inline(never)]
fn block_socket() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        std::thread::sleep(BLOCK);
        stream.write_all(b"x").unwrap();
    });
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    peer.join().unwrap();
}

#[inline(never)]
fn block_fifo() {
    let path = std::env::temp_dir().join(format!("tokio-target-{}", std::process::id()));
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    assert!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) } == 0);
    let to = path.clone();
    let writer = std::thread::spawn(move || {
        let mut fifo = std::fs::OpenOptions::new().write(true).open(to).unwrap();
        std::thread::sleep(BLOCK);
        fifo.write_all(b"x").unwrap();
    });
    assert!(std::fs::read(&path).unwrap() == b"x");
    writer.join().unwrap();
    std::fs::remove_file(path).unwrap();
}

#[inline(never)]
fn block_cpu() {
    let end = now_ns() + BLOCK.as_nanos() as u64;
    while now_ns() < end {}
}

fn turn(function: &str, block: fn()) {
    let tid = unsafe { libc::syscall(libc::SYS_gettid) };
    let start = now_ns();
    block();
    let end = now_ns();
    say(&format!(
        "TURN {{\"start_ns\": {start}, \"end_ns\": {end}, \"fn\": \"{function}\", \"tid\": {tid}}}"
    ));
}

/// Tasks that give way after each short piece of work: no piece takes long.
async fn work(tasks: usize) {
    let end = now_ns() + 2_000_000_000;
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            tokio::spawn(async move {
                while now_ns() < end {
                    let until = now_ns() + 50_000;
                    while now_ns() < until {}
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn pattern(name: &str) {
    match name {
        "sleep" => turn("block_sleep", block_sleep),
        "lock" => turn("block_lock", block_lock),
        "socket" => turn("block_socket", block_socket),
        "fifo" => turn("block_fifo", block_fifo),
        "cpu" => turn("block_cpu", block_cpu),
        // what Tokio has for that: none of these holds up a worker
        "pool" => tokio::task::spawn_blocking(block_sleep).await.unwrap(),
        "in_place" => tokio::task::block_in_place(block_sleep),
        "await" => tokio::time::sleep(BLOCK).await,
        "work" => work(8).await,
        _ => panic!("no pattern {name}"),
    }
}

async fn run(name: String, mut orders: mpsc::UnboundedReceiver<()>) {
    // a few tasks with timers keep the workers coming back to their waits
    for i in 0..4 {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20 + i)).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    say("READY");
    while orders.recv().await.is_some() {
        let name = name.clone();
        tokio::spawn(async move { pattern(&name).await }).await.unwrap();
        say("DONE");
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let multi = arguments.next().expect("multi or current") == "multi";
    let name = arguments.next().expect("a pattern");
    let (order, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines() {
            order.send(()).unwrap();
        }
    });
    let mut builder = if multi {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(3);
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(run(name, orders));
    // a thread of the pool may still be busy
    runtime.shutdown_background();
}
