//! What makes a clean result mean something: every rule has evidence that breaks it, and evidence
//! next to that which does not.

mod certificate;
mod clients;
mod disks;
mod issues;
mod locks;
mod mirror;
mod order;
mod promises;
mod robustness;
mod stakes;
mod story;
mod table;
