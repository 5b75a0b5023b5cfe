//! `natlens verify`: proves that a data folder still holds what was stored.
//!
//! Hides: how the proof is told.
//! Knows nothing of: chains and files; the store compares them.

use std::path::PathBuf;

use flow::TopicId;
use server::{Gap, Proof, PublicKey, Signed};

use crate::config::Config;
use crate::failure::Failure;
use crate::outside::Outside;

/// Prove that no stored record was altered or removed
///
/// Works on the folder itself, while no server has it open. Tells for each topic how many records are there as they
/// were stored, which went because their time was over, and what is wrong. Keep the head of a chain elsewhere, and
/// give it later: it proves that nothing before it was changed. Links are signed by a key that stays in the data folder:
/// keep its public half elsewhere, too, and nobody without the key can write a history that you believe. Examples:
///   natlens verify --data-folder /var/lib/natlens
///   natlens verify --show-key
///   natlens verify --public-key 0f3a… --data-folder /mnt/backup/natlens
///   natlens verify --topic flows-100001 --head 5d1c…
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Verify {
    /// Folder that holds everything the server keeps
    #[arg(long, value_name = "FOLDER")]
    data_folder: Option<PathBuf>,
    /// Topic, by id [default: all]
    #[arg(long, value_name = "TOPIC")]
    topic: Option<TopicId>,
    /// Head that the chain of the topic had earlier
    #[arg(long, value_name = "HEAD", requires = "topic")]
    head: Option<String>,
    /// Public key that may have signed links; say it again for each that the folder ever had [default: any]
    #[arg(long = "public-key", value_name = "KEY")]
    public_keys: Vec<PublicKey>,
    /// Prints the public key of the data folder and does nothing else; a server may run
    #[arg(long, conflicts_with_all = ["topic", "public_keys"])]
    show_key: bool,
}

impl Verify {
    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let folder = self.data_folder.as_ref().unwrap_or(&config.server.data_folder);
        if self.show_key {
            return Ok(outside.say(server::public_key(folder)?)?);
        }
        let proofs = server::verify(folder, self.topic.as_ref())?;
        if let (Some(topic), true) = (&self.topic, proofs.is_empty()) {
            return Err(Failure::NotFound(format!("the data folder holds nothing of topic `{topic}`")));
        }
        let mut sound = true;
        for proof in &proofs {
            sound &= self.tell(proof, outside)?;
        }
        if sound { Ok(()) } else { Err(Failure::Unproven) }
    }

    /// Tells a proof; whether it found nothing wrong.
    fn tell(&self, proof: &Proof, outside: &mut Outside) -> Result<bool, Failure> {
        let Proof { owner, topic, rows, segments, gaps, faults, .. } = proof;
        let place = format!("topic {topic} of account {} in {}", owner.account, owner.region);
        outside.say(format_args!("{place}: {rows} records in {segments} segments"))?;
        for Gap { deed, at, rows, first, last, order } in gaps {
            let deed = deed.as_str();
            let order = order.as_ref().map(|(by, search)| format!(", as {by} ordered: {search}"));
            let order = order.unwrap_or_default();
            outside.say(format_args!(
                "  gap: {rows} records from {first} to {last} went by {deed} at {at}{order}"
            ))?;
        }
        for fault in faults {
            outside.say(format_args!("  wrong: {fault}"))?;
        }
        let strangers = self.tell_signatures(proof, outside)?;
        outside.say(format_args!("  head: {}", proof.head()))?;
        let forgotten = self.head.as_deref().filter(|head| !proof.went_through(head));
        if let Some(head) = forgotten {
            outside.say(format_args!("  wrong: the chain never had the head {head}: it was written anew"))?;
        }
        Ok(faults.is_empty() && forgotten.is_none() && strangers == 0)
    }

    /// Tells who signed links; how many keys are none of those that were named.
    fn tell_signatures(&self, proof: &Proof, outside: &mut Outside) -> Result<usize, Failure> {
        if proof.unsigned > 0 {
            let unsigned = proof.unsigned;
            outside.say(format_args!(
                "  not signed: the first {unsigned} links, from before chains were signed"
            ))?;
        }
        let mut strangers = 0;
        for Signed { key, links } in &proof.signed {
            let is_named = self.public_keys.is_empty() || self.public_keys.contains(key);
            strangers += usize::from(!is_named);
            let wrong = if is_named { "" } else { "wrong: " };
            outside.say(format_args!("  {wrong}{links} links signed by {key}"))?;
        }
        Ok(strangers)
    }
}
