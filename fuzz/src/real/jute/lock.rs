//! What a client sends that waits for a lock, besides what every client does: it makes a node that goes with
//! its session and whose name ends in a number, looks which nodes there are, and keeps its session alive.

use super::client::{Contents, request, write_node};

/// `CreateMode.EPHEMERAL_SEQUENTIAL`.
const EPHEMERAL_SEQUENTIAL: i32 = 3;

/// A request of the lock recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Make a node of one's own.
    Queue {
        /// Its path, up to the number that the server adds.
        path: String,
    },
    /// Which nodes are there?
    Children {
        /// Below which node.
        path: String,
    },
}

impl Request {
    /// What a good answer to it carries.
    pub const fn answer(&self) -> Contents {
        match self {
            Self::Queue { .. } => Contents::Name,
            Self::Children { .. } => Contents::Names,
        }
    }

    /// The frame as it travels; `xid` is its number within the connection.
    pub fn to_frame(&self, xid: i32) -> Vec<u8> {
        match self {
            Self::Queue { path } => {
                request(xid, 1, |output| write_node(output, (path, ""), EPHEMERAL_SEQUENTIAL))
            }
            Self::Children { path } => request(xid, 8, |output| {
                output.string(path);
                output.bool(false);
            }),
        }
    }
}

/// Keeps a session alive; the answer has the same number, -2.
pub fn ping() -> Vec<u8> {
    request(-2, 11, |_| {})
}

#[cfg(test)]
mod tests {
    use super::super::client::Reply;
    use super::*;
    use zab_core::Zxid;

    #[test]
    fn a_place_in_the_queue_is_a_node_that_the_server_names() {
        let queue = Request::Queue { path: "/l/n-".to_owned() };
        let frame = queue.to_frame(7);
        assert_eq!(
            &frame[4..],
            [
                b"\0\0\0\x07\0\0\0\x01\0\0\0\x05/l/n-\0\0\0\0\0\0\0\x01\0\0\0\x1f".as_slice(),
                b"\0\0\0\x05world\0\0\0\x06anyone\0\0\0\x03",
            ]
            .concat()
        );
        let rest = b"\0\0\0\x0f/l/n-0000000004".to_vec();
        let reply = Reply { xid: 7, zxid: Zxid::ZERO, error: 0, rest };
        let found = reply.contents(queue.answer()).expect("a path");
        assert_eq!(found.names, ["/l/n-0000000004"]);
    }

    #[test]
    fn the_nodes_of_a_queue_are_names_without_their_parent() {
        let look = Request::Children { path: "/l".to_owned() };
        assert_eq!(look.to_frame(8), b"\0\0\0\x0f\0\0\0\x08\0\0\0\x08\0\0\0\x02/l\0");
        let rest = b"\0\0\0\x02\0\0\0\x03n-1\0\0\0\x03n-0".to_vec();
        let reply = Reply { xid: 8, zxid: Zxid::ZERO, error: 0, rest };
        assert_eq!(reply.contents(look.answer()).expect("names").names, ["n-1", "n-0"]);
    }

    #[test]
    fn a_ping_is_a_head_and_nothing_else() {
        assert_eq!(ping(), b"\0\0\0\x08\xff\xff\xff\xfe\0\0\0\x0b");
    }
}
