//! Loads the kernel programs, attaches them to interfaces, and gives access to what they count.
//!
//! Hides: libbpf, the names of programs and maps, links, which errors mean missing privileges.
//! Knows nothing of: windows in order, events, rules.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::ptr::{self, NonNull};

use flow::WindowLength;
use libbpf_rs::{
    AsRawLibbpf, ErrorKind, Link, Map, MapCore, MapFlags, Object, ObjectBuilder, PrintLevel, ProgramMut,
    libbpf_sys,
};

use crate::bpf::layout::{Entry, KEY4_BYTES, KEY6_BYTES, Totals, VALUE_BYTES, settings_bytes};
use crate::bpf::map::{EntrySize, drain};
use crate::gateway::Interface;
use crate::namespace::Namespace;
use crate::source::SourceError;

/// The compiled `bpf/natlens.bpf.c`, aligned as libbpf wants it.
#[repr(C, align(8))]
struct Aligned<T: ?Sized>(T);
static OBJECT: &Aligned<[u8]> = &Aligned(*include_bytes!("../../bpf/natlens.bpf.o"));

const KERNEL_TYPES: &str = "/sys/kernel/btf/vmlinux";
const FLOWS_PREFIX: &str = "flows";
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The programs in the kernel, and where they are attached.
#[derive(Debug)]
pub(super) struct Programs {
    object: Object,
    /// One for each watched interface, by its number.
    egress: BTreeMap<u32, Link>,
    refusals: Option<Link>,
}

impl Programs {
    /// Loads the programs; they count nothing before they are set and attached.
    pub(super) fn load(flows_max: u32) -> Result<Self, SourceError> {
        if !Path::new(KERNEL_TYPES).exists() {
            return Err(SourceError::NoKernelTypes);
        }
        libbpf_rs::set_print(Some((PrintLevel::Info, tell)));
        let fails = |error| refused("load the kernel programs", error);
        let mut object = ObjectBuilder::default().open_memory(&OBJECT.0).map_err(fails)?;
        for mut map in object.maps_mut() {
            if map.name().to_string_lossy().starts_with(FLOWS_PREFIX) {
                map.set_max_entries(flows_max.max(1)).map_err(fails)?;
                // Memory comes with the flows: four full maps would hold 200 MB on an idle gateway.
                map.set_map_flags(libbpf_sys::BPF_F_NO_PREALLOC).map_err(fails)?;
            }
        }
        Ok(Self { object: object.load().map_err(fails)?, egress: BTreeMap::new(), refusals: None })
    }

    /// Tells the programs the time, the length of a window and which namespace is watched.
    pub(super) fn set(&self, clock_offset: i64, window: WindowLength, netns: u32) -> Result<(), SourceError> {
        let bytes = settings_bytes(clock_offset, u64::from(window.seconds()) * NANOS_PER_SECOND, netns);
        self.map("settings")
            .update(&0_u32.to_ne_bytes(), &bytes, MapFlags::ANY)
            .map_err(|error| refused("set the clock of the kernel programs", error))
    }

    /// Attaches to the interfaces that are new, and lets go of those that are not wanted any more.
    pub(super) fn watch(&mut self, namespace: &Namespace, wanted: &[&Interface]) -> Result<(), SourceError> {
        let is_wanted = |index: &u32| wanted.iter().any(|interface| interface.index == *index);
        let gone: Vec<u32> = self.egress.keys().copied().filter(|index| !is_wanted(index)).collect();
        for index in gone {
            self.egress.remove(&index);
            self.map("watched")
                .delete(&index.to_ne_bytes())
                .map_err(|error| refused("stop watching an interface", error))?;
        }
        let new: Vec<u32> = wanted
            .iter()
            .map(|interface| interface.index)
            .filter(|index| !self.egress.contains_key(index))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        // An interface's number means something only inside its namespace.
        let object = &self.object;
        let attached: Result<Vec<(u32, Link)>, SourceError> = namespace.run(|| {
            let program = program(object, "natlens_egress");
            new.into_iter().map(|index| Ok((index, attach_egress(&program, index)?))).collect()
        })?;
        for (index, link) in attached? {
            self.map("watched")
                .update(&index.to_ne_bytes(), &[1], MapFlags::ANY)
                .map_err(|error| refused("watch an interface", error))?;
            self.egress.insert(index, link);
        }
        Ok(())
    }

    /// Begins to count refusals.
    pub(super) fn start(&mut self) -> Result<(), SourceError> {
        let link = program(&self.object, "natlens_refusal")
            .attach_trace()
            .map_err(|error| refused("attach to where the kernel frees packets", error))?;
        self.refusals = Some(link);
        Ok(())
    }

    /// Empties both maps of a parity, to the last entry.
    pub(super) fn drain(&self, parity: usize, mut each: impl FnMut(Entry)) -> Result<(), SourceError> {
        let [v4, v6] =
            if parity == 0 { ["flows4_even", "flows6_even"] } else { ["flows4_odd", "flows6_odd"] };
        let size = |key| EntrySize { key, value: VALUE_BYTES };
        let mut keep = |entry: Option<Entry>| {
            each(entry.expect("the kernel programs and `layout` agree on the shape of a flow"))
        };
        drain(self.map(v4).as_fd(), size(KEY4_BYTES), |key, value| keep(Entry::read4(key, value)))
            .and_then(|()| {
                drain(self.map(v6).as_fd(), size(KEY6_BYTES), |key, value| keep(Entry::read6(key, value)))
            })
            .map_err(|error| refused_io("read the flows that the kernel counted", error))
    }

    /// The sums of a parity over all processors.
    pub(super) fn totals(&self, parity: usize) -> Result<Totals, SourceError> {
        let key = u32::try_from(parity).unwrap_or(0).to_ne_bytes();
        let each = self
            .map("totals")
            .lookup_percpu(&key, MapFlags::ANY)
            .map_err(|error| refused("read the totals that the kernel counted", error))?
            .unwrap_or_default();
        let read = |bytes: &Vec<u8>| {
            Totals::read(bytes).expect("the map was made for totals, so they have their size")
        };
        Ok(each.iter().map(read).fold(Totals::default(), Totals::plus))
    }

    fn map(&self, name: &str) -> Map<'_> {
        self.object
            .maps()
            .find(|map| map.name() == name)
            .expect("the object has the maps that its source names")
    }
}

fn program<'a>(object: &'a Object, name: &str) -> ProgramMut<'a> {
    object
        .progs_mut()
        .find(|program| program.name() == name)
        .expect("the object has the programs that its source names")
}

fn attach_egress(program: &ProgramMut<'_>, ifindex: u32) -> Result<Link, SourceError> {
    const DEED: &str = "attach to the egress of an interface";
    let ifindex = i32::try_from(ifindex).map_err(|wide| refused_io(DEED, io::Error::other(wide)))?;
    // SAFETY: `program` belongs to a loaded object that outlives the call; a null pointer asks for the default options.
    #[expect(unsafe_code, reason = "libbpf-rs does not offer tcx; this is libbpf's own call for it")]
    let link = unsafe {
        libbpf_sys::bpf_program__attach_tcx(program.as_libbpf_object().as_ptr(), ifindex, ptr::null())
    };
    match NonNull::new(link) {
        // SAFETY: libbpf returned the link to us alone.
        #[expect(unsafe_code, reason = "takes ownership, so that the link ends with its value")]
        Some(link) => Ok(unsafe { Link::from_ptr(link) }),
        None => Err(refused_io(DEED, io::Error::last_os_error())),
    }
}

fn refused(deed: &'static str, error: libbpf_rs::Error) -> SourceError {
    if error.kind() == ErrorKind::PermissionDenied {
        SourceError::NotPermitted { deed, source: error.into() }
    } else {
        SourceError::Kernel { deed, source: error.into() }
    }
}

fn refused_io(deed: &'static str, error: io::Error) -> SourceError {
    refused(deed, error.into())
}

/// What libbpf warns of is also in the error that follows, if one follows.
fn tell(level: PrintLevel, text: String) {
    let text = text.trim();
    match level {
        PrintLevel::Debug => tracing::trace!(text, "libbpf"),
        PrintLevel::Info | PrintLevel::Warn => tracing::debug!(text, "libbpf"),
    }
}
