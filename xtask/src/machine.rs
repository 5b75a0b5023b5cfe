//! Installs what building, testing and showing natlens needs on a Debian machine.
//!
//! Hides: the package managers.
//! Knows nothing of: Rust and Node, which are there already.

use std::path::Path;
use std::process::Command;

use nix::unistd::geteuid;

use crate::command::{Failure, run};

/// A Debian package, and a file that is there when it is installed.
pub(crate) struct Package {
    name: &'static str,
    proof: &'static str,
}

/// Needed to build: the library that loads kernel programs links against libelf and zlib.
const FOR_BUILDING: [Package; 3] = [
    Package { name: "libelf-dev", proof: "/usr/include/libelf.h" },
    Package { name: "zlib1g-dev", proof: "/usr/include/zlib.h" },
    Package { name: "pkg-config", proof: "/usr/bin/pkg-config" },
];

/// Needed to bring a NAT gateway up in network namespaces.
const FOR_THE_LAB: [Package; 4] = [
    Package { name: "iproute2", proof: "/bin/ip" },
    Package { name: "nftables", proof: "/usr/sbin/nft" },
    Package { name: "iputils-ping", proof: "/bin/ping" },
    Package { name: "ethtool", proof: "/sbin/ethtool" },
];

/// Needed to know the truth about traffic, to rebuild kernel programs, and to look at pages.
const FOR_CHECKING: [Package; 6] = [
    Package { name: "tcpdump", proof: "/usr/bin/tcpdump" },
    Package { name: "python3-venv", proof: "/usr/share/doc/python3-venv" },
    Package { name: "clang", proof: "/usr/bin/clang" },
    Package { name: "llvm", proof: "/usr/bin/llvm-strip" },
    Package { name: "libbpf-dev", proof: "/usr/include/bpf/bpf_helpers.h" },
    Package { name: "chromium", proof: "/usr/bin/chromium" },
];

/// Needed to measure: what is measured against, and a source of bulk traffic.
const FOR_MEASURING: [Package; 3] = [
    Package { name: "softflowd", proof: "/usr/sbin/softflowd" },
    Package { name: "iperf3", proof: "/usr/bin/iperf3" },
    Package { name: "tcpdump", proof: "/usr/bin/tcpdump" },
];

/// What a purpose needs: some of the lists above.
pub(crate) type Need = &'static [&'static [Package]];

/// What `cargo xtask ci` needs.
pub(crate) const FOR_TESTS: Need = &[&FOR_BUILDING, &FOR_THE_LAB, &FOR_CHECKING];

/// What `cargo xtask demo` needs with root, and without.
pub(crate) const FOR_THE_DEMO: Need = &[&FOR_BUILDING, &FOR_THE_LAB];
pub(crate) const FOR_A_REPLAY: Need = &[&FOR_BUILDING];

/// What `cargo xtask bench` needs.
pub(crate) const FOR_A_BENCH: Need = &[&FOR_BUILDING, &FOR_THE_LAB, &FOR_MEASURING];

/// What SQL is compared with, as the Python package index names it.
const DUCKDB: &str = "duckdb==2.0.1";

/// Installs DuckDB into a folder of the build, where the tests of the engine look for it; does nothing when it is there.
pub(crate) fn install_duckdb(target: &Path) -> Result<(), Failure> {
    let folder = target.join("tmp/duckdb");
    if folder.join("installed").exists() {
        return Ok(());
    }
    println!("installing {DUCKDB} (Python package)");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = ["install", "--quiet", "--disable-pip-version-check", DUCKDB];
    run(Command::new(folder.join("bin/pip")).args(pip))?;
    // Only a whole installation counts.
    let mark = folder.join("installed");
    std::fs::write(&mark, DUCKDB).map_err(Failure::file("write", mark))
}

/// Installs what is missing, and says so; does nothing when all is there.
///
/// Fails with the names of the packages where this is not possible: without root, or on another system than Debian.
pub(crate) fn install(need: Need) -> Result<(), Failure> {
    let missing: Vec<&str> = need
        .iter()
        .flat_map(|packages| packages.iter())
        .filter(|package| !Path::new(package.proof).exists())
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !geteuid().is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(Failure::Missing { packages: missing.join(" ") });
    }
    println!("installing {} (Debian packages)", missing.join(", "));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-y"]);
        command
    };
    run(apt().arg("update"))?;
    run(apt().args(["install", "--no-install-recommends"]).args(missing))
}
