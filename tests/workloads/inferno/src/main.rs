// SPDX-License-Identifier: GPL-2.0-or-later
//! inferno's flame graph of folded stacks, from standard input to standard output; with two
//! columns of weights that of a difference.
use inferno::flamegraph::{from_reader, Options};

fn main() {
    let mut options = Options::default();
    options.count_name = "us".to_string();
    if let Err(error) = from_reader(&mut options, std::io::stdin(), std::io::stdout()) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
