//! Loads the kernel programs, attaches them to interfaces, and gives access to what they count.
//!
//! Hides: libbpf, the names of programs and maps, links, which errors mean missing privileges.
//! Knows nothing of: windows in order, events, rules.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

use libbpf_rs::query::LinkTypeInfo;
use libbpf_rs::{
    AsRawLibbpf, ErrorKind, Link, Map, MapCore, MapFlags, Object, ObjectBuilder, PrintLevel, ProgramMut,
    libbpf_sys,
};

use crate::bpf::layout::{Entry, KEY4_BYTES, KEY6_BYTES, Totals, VALUE_BYTES};
use crate::bpf::map::{Emptying, EntrySize};
use crate::bpf::note::{Note, Settings};
use crate::bpf::pins::Place;
use crate::gateway::Interface;
use crate::namespace::Namespace;
use crate::source::SourceError;
use crate::variant::Variant;

/// The compiled `bpf/natlens.bpf.c`, aligned as libbpf wants it.
#[repr(C, align(8))]
struct Aligned<T: ?Sized>(T);
static OBJECT: &Aligned<[u8]> = &Aligned(*include_bytes!("../../bpf/natlens.bpf.o"));
/// Tells the programs of this version from those of another.
const SOURCE_HASH: &str = include_str!("../../bpf/natlens.bpf.o.sha256");
const SOURCE_HASH_DIGITS: usize = 12;

const KERNEL_TYPES: &str = "/sys/kernel/btf/vmlinux";
const FLOWS_PREFIX: &str = "flows";
const EGRESS: &str = "natlens_egress";
const QUEUE: &str = "natlens_queue";
const REFUSAL: &str = "natlens_refusal";
/// As [`REFUSAL`], for kernels without `bpf_rdonly_cast`.
const REFUSAL_TRACING: &str = "natlens_drop";
/// The pin of the link to an interface is named by this and the interface's number.
const EGRESS_PIN: &str = "egress-";
const ONLY: [u8; 4] = 0_u32.to_ne_bytes();

/// The programs in the kernel, and where they are attached.
#[derive(Debug)]
pub(super) struct Programs {
    object: Object,
    variant: Variant,
    /// Where links are pinned.
    links: Option<PathBuf>,
    /// Those of no single interface, by their program's name.
    tracing: BTreeMap<&'static str, Link>,
    /// The watched interfaces by their number, with the link of the variant `Tcx`.
    watched: BTreeMap<u32, Option<Link>>,
}

impl Variant {
    /// Names this variant of this version of the programs among pins.
    pub(super) fn version(self) -> String {
        let hash = SOURCE_HASH.get(..SOURCE_HASH_DIGITS).unwrap_or(SOURCE_HASH);
        format!("{}-{hash}", self.as_str())
    }

    const fn programs(self) -> [&'static str; 2] {
        match self {
            Self::Tcx => [EGRESS, REFUSAL],
            Self::Tracing => [QUEUE, REFUSAL_TRACING],
        }
    }

    /// Those that are attached once.
    fn tracing(self) -> impl Iterator<Item = &'static str> {
        self.programs().into_iter().filter(|name| *name != EGRESS)
    }
}

impl Programs {
    /// Loads the programs; new ones count nothing before they are set and attached.
    ///
    /// With a place, maps and links that are pinned there are taken over, and count on.
    pub(super) fn load(variant: Variant, flows_max: u32, place: Option<&Place>) -> Result<Self, SourceError> {
        if !Path::new(KERNEL_TYPES).exists() {
            return Err(SourceError::NoKernelTypes);
        }
        libbpf_rs::set_print(Some((PrintLevel::Info, tell)));
        let fails = |error| refused("load the kernel programs", error);
        let mut object = ObjectBuilder::default().open_memory(&OBJECT.0).map_err(fails)?;
        for mut program in object.progs_mut() {
            let wanted = variant.programs().iter().any(|name| program.name() == *name);
            program.set_autoload(wanted);
        }
        for mut map in object.maps_mut() {
            let name = map.name().to_string_lossy().into_owned();
            if name.starts_with(FLOWS_PREFIX) {
                map.set_max_entries(flows_max.max(1)).map_err(fails)?;
                // Memory comes with the flows: four full maps would hold 200 MB on an idle gateway.
                map.set_map_flags(libbpf_sys::BPF_F_NO_PREALLOC).map_err(fails)?;
            }
            // What the programs remember for themselves has a name that no folder of pins takes.
            if let Some(place) = place.filter(|_| !name.contains('.')) {
                map.set_pin_path(place.maps.join(name)).map_err(fails)?;
            }
        }
        let mut programs = Self {
            object: object.load().map_err(fails)?,
            variant,
            links: place.map(|place| place.links.clone()),
            tracing: BTreeMap::new(),
            watched: BTreeMap::new(),
        };
        programs.take_links_over()?;
        Ok(programs)
    }

    /// Opens the links that are pinned, and removes pins of interfaces that are gone.
    fn take_links_over(&mut self) -> Result<(), SourceError> {
        let Some(folder) = self.links.clone() else { return Ok(()) };
        let fails = |error| refused("open what an earlier agent attached", error);
        for name in self.variant.tracing() {
            let pin = folder.join(name);
            if pin.exists() {
                self.tracing.insert(name, Link::open(pin).map_err(fails)?);
            }
        }
        if self.variant == Variant::Tracing {
            self.watched = self.watched_before().into_iter().map(|index| (index, None)).collect();
            return Ok(());
        }
        for pin in fs::read_dir(&folder).map_err(|error| fails(error.into()))?.flatten() {
            let name = pin.file_name();
            let index = name.to_str().and_then(|name| name.strip_prefix(EGRESS_PIN)?.parse().ok());
            let Some(index) = index else { continue };
            let mut link = Link::open(pin.path()).map_err(fails)?;
            // The kernel takes the interface from a link when the interface ends.
            let at = link.info().map_err(fails)?.info;
            if matches!(at, LinkTypeInfo::Tcx(ref tcx) if tcx.ifindex == index) {
                self.watched.insert(index, Some(link));
            } else {
                link.unpin().map_err(fails)?;
            }
        }
        Ok(())
    }

    fn watched_before(&self) -> Vec<u32> {
        let watched = self.map("watched");
        let indices: Vec<u32> =
            watched.keys().filter_map(|key| key.try_into().ok().map(u32::from_ne_bytes)).collect();
        indices
    }

    pub(super) fn variant(&self) -> Variant {
        self.variant
    }

    /// What an earlier agent told the programs and wrote down, if there was one.
    pub(super) fn before(&self) -> Result<Option<(Settings, Note)>, SourceError> {
        let read = |name: &str| {
            let value = self.map(name).lookup(&ONLY, MapFlags::ANY);
            value.map_err(|error| refused("read what an earlier agent wrote down", error))
        };
        let settings = read("settings")?.and_then(|bytes| Settings::read(&bytes));
        let note = read("note")?.and_then(|bytes| Note::read(&bytes));
        Ok(settings.zip(note))
    }

    /// Tells the programs the time, the length of a window and which namespace is watched.
    pub(super) fn set(&self, settings: &Settings) -> Result<(), SourceError> {
        self.map("settings")
            .update(&ONLY, &settings.bytes(), MapFlags::ANY)
            .map_err(|error| refused("set the clock of the kernel programs", error))
    }

    /// Writes down how far the agent has come.
    pub(super) fn write_down(&self, note: &Note) -> Result<(), SourceError> {
        self.map("note")
            .update(&ONLY, &note.bytes(), MapFlags::ANY)
            .map_err(|error| refused("write down what is delivered", error))
    }

    /// Attaches to the interfaces that are new, and lets go of those that are not wanted any more; returns how many
    /// are new.
    pub(super) fn watch(
        &mut self,
        namespace: &Namespace,
        wanted: &[&Interface],
    ) -> Result<usize, SourceError> {
        let is_wanted = |index: &u32| wanted.iter().any(|interface| interface.index == *index);
        let gone: Vec<u32> = self.watched.keys().copied().filter(|index| !is_wanted(index)).collect();
        for index in gone {
            self.let_go(index)?;
        }
        let new: Vec<u32> = wanted
            .iter()
            .map(|interface| interface.index)
            .filter(|index| !self.watched.contains_key(index))
            .collect();
        let links = match self.variant {
            Variant::Tcx => self.attach_egress(namespace, &new)?.into_iter().map(Some).collect(),
            Variant::Tracing => Vec::from_iter(new.iter().map(|_| None)),
        };
        for (index, link) in new.iter().zip(links) {
            self.map("watched")
                .update(&index.to_ne_bytes(), &[1], MapFlags::ANY)
                .map_err(|error| refused("watch an interface", error))?;
            self.watched.insert(*index, link);
        }
        Ok(new.len())
    }

    fn let_go(&mut self, index: u32) -> Result<(), SourceError> {
        let fails = |error| refused("stop watching an interface", error);
        if let Some(mut link) = self.watched.remove(&index).flatten()
            && self.links.is_some()
        {
            link.unpin().map_err(fails)?;
        }
        match self.map("watched").delete(&index.to_ne_bytes()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(fails(error)),
            _ => Ok(()),
        }
    }

    /// An interface's number means something only inside its namespace.
    fn attach_egress(&self, namespace: &Namespace, indices: &[u32]) -> Result<Vec<Link>, SourceError> {
        if indices.is_empty() {
            return Ok(Vec::new());
        }
        let object = &self.object;
        let attached: Result<Vec<Link>, SourceError> = namespace.run(|| {
            let program = program(object, EGRESS);
            indices.iter().map(|index| attach_egress(&program, *index)).collect()
        })?;
        let mut links = attached?;
        for (index, link) in indices.iter().zip(&mut links) {
            self.pin(link, &format!("{EGRESS_PIN}{index}"))?;
        }
        Ok(links)
    }

    fn pin(&self, link: &mut Link, name: &str) -> Result<(), SourceError> {
        let Some(folder) = &self.links else { return Ok(()) };
        link.pin(folder.join(name)).map_err(|error| refused("pin what is attached", error))
    }

    /// Begins to count what is counted at no single interface; returns how many programs did not count already.
    pub(super) fn start(&mut self) -> Result<usize, SourceError> {
        let missing: Vec<_> =
            self.variant.tracing().filter(|name| !self.tracing.contains_key(name)).collect();
        for name in &missing {
            let mut link = program(&self.object, name)
                .attach_trace()
                .map_err(|error| refused("attach to where the kernel sends and frees packets", error))?;
            self.pin(&mut link, name)?;
            self.tracing.insert(name, link);
        }
        Ok(missing.len())
    }

    /// Takes the next entries out of a map; returns whether there may be more.
    pub(super) fn take(&self, map: &mut FlowMap, mut each: impl FnMut(Entry)) -> Result<bool, SourceError> {
        let FlowMap { name, read, emptying } = map;
        let keep = |key: &[u8], value: &[u8]| {
            each(read(key, value).expect("the kernel programs and `layout` agree on the shape of a flow"));
        };
        emptying
            .take(self.map(name).as_fd(), keep)
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

/// A map of flows that is being emptied.
#[derive(Debug)]
pub(super) struct FlowMap {
    name: &'static str,
    read: fn(&[u8], &[u8]) -> Option<Entry>,
    emptying: Emptying,
}

/// The maps of a parity, none of them emptied yet.
pub(super) fn flow_maps(parity: usize) -> [FlowMap; 2] {
    let [v4, v6] = if parity == 0 { ["flows4_even", "flows6_even"] } else { ["flows4_odd", "flows6_odd"] };
    let emptying = |key| Emptying::new(EntrySize { key, value: VALUE_BYTES });
    [
        FlowMap { name: v4, read: Entry::read4, emptying: emptying(KEY4_BYTES) },
        FlowMap { name: v6, read: Entry::read6, emptying: emptying(KEY6_BYTES) },
    ]
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
