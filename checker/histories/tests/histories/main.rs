//! Client histories: engines against each other and against brute force, planted anomalies,
//! recorded histories, files.

mod axis;
mod certified;
mod differential;
mod etcd;
mod files;
mod found;
mod gaps;
mod planted;
mod random;
mod reduced;
mod splitmix;
mod streamed;
mod strict;
mod znodes;
