//! Compiles the gate (`fuzz/gate`), which is preloaded into real servers and part of the binary: an
//! installed `zab` needs nothing beside it.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(lab)");
    println!("cargo::rerun-if-changed=gate/src");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let fits = target("OS") == "linux" && target("ENV") == "gnu";
    // The gate's declarations of the C library are those of these two.
    let known = ["x86_64", "aarch64"].contains(&target("ARCH").as_str());
    if env::var_os("CARGO_FEATURE_REAL").is_none() || !fits || !known {
        return;
    }
    println!("cargo::rustc-cfg=lab");
    let variable = |name| env::var_os(name).expect("cargo sets it for every build script");
    let library = Path::new(&variable("OUT_DIR")).join("libzab_gate.so");
    // By the compiler alone: a second cargo would wait for the lock that the first one holds.
    let status = Command::new(variable("RUSTC"))
        .args(["--crate-name", "zab_gate", "--crate-type", "cdylib", "--edition", "2024"])
        .args(["-C", "opt-level=2", "-C", "panic=abort", "-C", "lto", "-C", "strip=symbols"])
        .arg("--target")
        .arg(variable("TARGET"))
        .arg("gate/src/lib.rs")
        .arg("-o")
        .arg(library)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the gate does not compile");
}
