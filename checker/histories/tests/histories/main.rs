//! Client histories: engines against each other and against brute force, planted anomalies,
//! recorded histories, files.

mod certified;
mod differential;
mod etcd;
mod files;
mod planted;
mod random;
mod streamed;
mod znodes;
