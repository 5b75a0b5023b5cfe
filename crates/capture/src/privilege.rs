//! Gives up every privilege that capture does not need.
//!
//! Hides: capabilities, user ids, and what of them survives which change.
//! Knows nothing of: what stands in the folders that change hands.
//!
//! `CAP_SYS_ADMIN`, which only entering another network namespace needs, is kept permitted and not in effect: a thread
//! that enters one takes it for that one call.

use std::ffi::CString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, lchown};
use std::path::{Path, PathBuf};

use caps::{CapSet, CapsHashSet};
use nix::sys::prctl::set_no_new_privs;
use nix::unistd::{Gid, Uid, User, initgroups, setresgid, setresuid};

use crate::choice::{SourceChoice, SourceSettings};

/// The user that an agent becomes when root starts it, if there is one of that name.
pub const USER_DEFAULT: &str = "natlens";

/// A privilege that capture needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capability {
    NetAdmin,
    SysAdmin,
    Perfmon,
    Bpf,
}

/// What is kept, and as whom.
#[derive(Debug)]
pub struct Privileges {
    needed: Vec<Capability>,
    /// `None` stays who the process is.
    user: Option<User>,
    /// A folder whose parents the user may not pass.
    reached: Option<OwnedFd>,
}

/// Why privileges cannot be given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivilegeError {
    /// There is no such user.
    #[error(
        "there is no user `{name}`: make one with `useradd --system --no-create-home {name}` (setting `user`)"
    )]
    NoUser {
        /// Its name.
        name: String,
    },
    /// Only root can become somebody else.
    #[error("cannot become `{name}`: start as root, or as `{name}` (setting `user`)")]
    NotRoot {
        /// The user's name.
        name: String,
    },
    /// A folder cannot change hands.
    #[error("cannot give `{path}` to the user that the agent runs as")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot {deed}")]
    System {
        /// What was tried.
        deed: &'static str,
        /// What the system said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Privileges {
    /// Those that `settings` need. Without settings nothing of the kernel is watched, and none is needed.
    pub fn needed(settings: Option<&SourceSettings>) -> Self {
        Self { needed: settings.map(needed).unwrap_or_default(), user: None, reached: None }
    }

    /// The same, as the user `name`. Without a name it is `natlens` when root asks and there is such a user, and nobody
    /// else otherwise.
    ///
    /// # Errors
    /// When there is no user of that name, or the process cannot become it.
    pub fn of_user(self, name: Option<&str>) -> Result<Self, PrivilegeError> {
        let find = |name: &str| {
            User::from_name(name).map_err(|errno| PrivilegeError::System {
                deed: "look a user up",
                source: io::Error::from(errno).into(),
            })
        };
        let is_root = Uid::effective().is_root();
        let user = match name {
            Some(name) => {
                let unknown = || PrivilegeError::NoUser { name: name.to_owned() };
                let user = find(name)?.ok_or_else(unknown)?;
                if !is_root && user.uid != Uid::effective() {
                    return Err(PrivilegeError::NotRoot { name: name.to_owned() });
                }
                is_root.then_some(user)
            }
            None if is_root => find(USER_DEFAULT)?,
            None => None,
        };
        Ok(Self { user, ..self })
    }

    /// Makes `folder` the user's, with all that is in it. Root alone can; others find it as it is.
    ///
    /// # Errors
    /// When the folder cannot be made, or does not change hands.
    pub fn hand_over(&self, folder: &Path) -> Result<(), PrivilegeError> {
        let Some(owner) = self.owner() else { return Ok(()) };
        let fails = |source| PrivilegeError::Folder { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fails)?;
        give(folder, owner).map_err(fails)
    }

    /// Hands over the folder of the pins, if it can be one; returns the path by which the user reaches it.
    ///
    /// # Errors
    /// As `hand_over`.
    pub fn hand_over_pins(&mut self, folder: &Path) -> Result<PathBuf, PrivilegeError> {
        // Where pins are of no use, the source says so itself.
        if self.owner().is_none() || crate::bpf::check_pin_folder(folder).is_err() {
            return Ok(folder.to_owned());
        }
        self.hand_over(folder)?;
        crate::bpf::sweep_pins(folder);
        let user_may_pass = |parent: &Path| {
            parent.as_os_str().is_empty() || fs::metadata(parent).is_ok_and(|found| found.mode() & 0o001 != 0)
        };
        if self.user.is_none() || folder.ancestors().skip(1).all(user_may_pass) {
            return Ok(folder.to_owned());
        }
        // `/sys/fs/bpf` is root's alone on many systems. An open folder can be entered without passing its parents.
        let fails = |source| PrivilegeError::Folder { path: folder.to_owned(), source };
        let opened = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(folder);
        let opened: OwnedFd = opened.map_err(fails)?.into();
        let path = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        self.reached = Some(opened);
        Ok(path)
    }

    /// Gives up all others, for good; no program that is started later gets them back.
    ///
    /// Capabilities belong to threads, so it is called while there is only one.
    ///
    /// # Errors
    /// When the system refuses; then the process must end.
    pub fn keep_only(self) -> Result<Kept, PrivilegeError> {
        const GIVE_UP: &str = "give up capabilities";
        let permitted = caps::read(None, CapSet::Permitted).map_err(refused(GIVE_UP))?;
        let keep: CapsHashSet = &set(&self.needed) & &permitted;
        if caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP).map_err(refused(GIVE_UP))? {
            bound(&keep)?;
        }
        if let Some(user) = &self.user {
            caps::securebits::set_keepcaps(true).map_err(refused("keep capabilities"))?;
            become_user(user)?;
        }
        // The rule set is read by `nft`, which gets this one and no other.
        let inherited = &keep & &set(&[Capability::NetAdmin]);
        let effective = &keep - &set(&[Capability::SysAdmin]);
        for (which, capabilities) in
            [(CapSet::Effective, &effective), (CapSet::Inheritable, &inherited), (CapSet::Permitted, &keep)]
        {
            caps::set(None, which, capabilities).map_err(refused(GIVE_UP))?;
        }
        caps::set(None, CapSet::Ambient, &inherited).map_err(refused("let `nft` read the rule set"))?;
        set_no_new_privs().map_err(|errno| PrivilegeError::System {
            deed: "refuse new privileges",
            source: io::Error::from(errno).into(),
        })?;
        let kept = self.needed.iter().filter(|needed| keep.contains(&needed.system()));
        Ok(Kept {
            user: self.user.map(|user| user.name),
            capabilities: kept.map(|kept| kept.as_str().to_uppercase()).collect(),
            _reached: self.reached,
        })
    }

    /// Who shall own what the agent keeps; `None` when the process cannot decide it.
    fn owner(&self) -> Option<(Uid, Gid)> {
        let root = Uid::effective().is_root().then_some((Uid::from_raw(0), Gid::from_raw(0)));
        root.map(|root| self.user.as_ref().map_or(root, |user| (user.uid, user.gid)))
    }
}

/// What a process kept. Its folder of pins stays reachable as long as this lives.
#[derive(Debug)]
pub struct Kept {
    /// Whom the process became; `None` when it stayed who it was.
    pub user: Option<String>,
    /// The capabilities, as `CAP_BPF`.
    pub capabilities: Vec<String>,
    _reached: Option<OwnedFd>,
}

impl Capability {
    const fn system(self) -> caps::Capability {
        match self {
            Self::NetAdmin => caps::Capability::CAP_NET_ADMIN,
            Self::SysAdmin => caps::Capability::CAP_SYS_ADMIN,
            Self::Perfmon => caps::Capability::CAP_PERFMON,
            Self::Bpf => caps::Capability::CAP_BPF,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NetAdmin => "cap_net_admin",
            Self::SysAdmin => "cap_sys_admin",
            Self::Perfmon => "cap_perfmon",
            Self::Bpf => "cap_bpf",
        }
    }
}

/// Which privileges `settings` need.
pub(crate) fn needed(settings: &SourceSettings) -> Vec<Capability> {
    let mut needed = match settings.choice {
        SourceChoice::Auto | SourceChoice::Ebpf => vec![Capability::Bpf, Capability::Perfmon],
        SourceChoice::Conntrack => Vec::new(),
    };
    needed.push(Capability::NetAdmin);
    needed.extend(settings.network_namespace.is_some().then_some(Capability::SysAdmin));
    needed
}

/// Those of `needed` that are not in effect, by `/proc/self/status`.
pub(crate) fn lacking(status: &str, needed: &[Capability]) -> Vec<Capability> {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let is_lacking = |capability: &Capability| effective & capability.system().bitmask() == 0;
    needed.iter().copied().filter(is_lacking).collect()
}

/// The command that gives `program` what `settings` need. A file's capabilities replace each other, so it names all.
pub fn grant(settings: &SourceSettings, program: &Path) -> String {
    let names: Vec<&str> = needed(settings).into_iter().map(Capability::as_str).collect();
    format!("setcap {}+ep {}", names.join(","), program.display())
}

/// Does `deed` with CAP_SYS_ADMIN in effect, if this thread is permitted to.
pub(crate) fn with_sys_admin<T>(deed: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let capability = Capability::SysAdmin.system();
    let has = |which| caps::has_cap(None, which, capability).map_err(io::Error::other);
    if has(CapSet::Effective)? || !has(CapSet::Permitted)? {
        return deed();
    }
    caps::raise(None, CapSet::Effective, capability).map_err(io::Error::other)?;
    let done = deed();
    caps::drop(None, CapSet::Effective, capability).map_err(io::Error::other)?;
    done
}

fn set(capabilities: &[Capability]) -> CapsHashSet {
    capabilities.iter().map(|capability| capability.system()).collect()
}

/// Bounds what programs that are started later can get.
fn bound(keep: &CapsHashSet) -> Result<(), PrivilegeError> {
    let fails = refused("bound the capabilities of programs");
    let bounding = caps::read(None, CapSet::Bounding).map_err(&fails)?;
    bounding.difference(keep).try_for_each(|other| caps::drop(None, CapSet::Bounding, *other)).map_err(fails)
}

fn become_user(user: &User) -> Result<(), PrivilegeError> {
    let change = || -> nix::Result<()> {
        let name = CString::new(user.name.as_str()).map_err(|_nul| nix::errno::Errno::EINVAL)?;
        initgroups(&name, user.gid)?;
        setresgid(user.gid, user.gid, user.gid)?;
        setresuid(user.uid, user.uid, user.uid)
    };
    change().map_err(|errno| PrivilegeError::System {
        deed: "become another user",
        source: io::Error::from(errno).into(),
    })
}

/// Changes the owner of a folder and of what is in it.
///
/// Only when it is root's, or becomes root's: whatever another user could have put there, as a second name of a file
/// that is not his, does not become his.
fn give(folder: &Path, (uid, gid): (Uid, Gid)) -> io::Result<()> {
    let owner = fs::symlink_metadata(folder)?.uid();
    if owner == uid.as_raw() || (owner != 0 && !uid.is_root()) {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            give(&path, (uid, gid))?;
        } else {
            lchown(&path, Some(uid.as_raw()), Some(gid.as_raw()))?;
        }
    }
    // The folder comes last: until then nobody else can put anything there.
    lchown(folder, Some(uid.as_raw()), Some(gid.as_raw()))
}

fn refused(deed: &'static str) -> impl Fn(caps::errors::CapsError) -> PrivilegeError {
    move |source| PrivilegeError::System { deed, source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_needs_its_own_privileges() {
        let names = |choice, namespace: Option<&str>| {
            let network_namespace = namespace.map(str::to_owned);
            let settings = SourceSettings { choice, network_namespace, ..SourceSettings::default() };
            grant(&settings, Path::new("natlens"))
        };
        assert_eq!(names(SourceChoice::Auto, None), "setcap cap_bpf,cap_perfmon,cap_net_admin+ep natlens");
        assert_eq!(
            names(SourceChoice::Conntrack, Some("natgw")),
            "setcap cap_net_admin,cap_sys_admin+ep natlens"
        );
    }

    #[test]
    fn a_user_that_is_not_there_is_named() {
        let error = Privileges::needed(None).of_user(Some("no-such-user")).unwrap_err();
        assert!(error.to_string().contains("useradd --system --no-create-home no-such-user"), "{error}");
    }
}
