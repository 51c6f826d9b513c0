//! Clients, each on one connection to one server, with one request open at a time.
//!
//! Own code rather than a client library: a library reconnects by itself, to any server, and keeps
//! from its caller what a run is about: which server answered, with which zxid, and that no answer
//! came.

use super::board::Board;
use super::jute::client::{
    Connected, Contents, Found, Reply, Request, Session, connect_request, read_frame,
};
use super::jute::{Error, Input, Result, lock};
use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use zab_core::Zxid;

/// Longer than any run: a session never expires in it, and nobody has to send pings.
const SESSION_TIMEOUT_MS: i32 = 300_000;
/// How long a server may take to take a client.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done {
        /// The transaction of an update, or the last one that a read had seen.
        zxid: Zxid,
        /// What the answer says.
        found: Found,
    },
    /// Refused.
    Refused {
        /// As above.
        zxid: Zxid,
        /// Why.
        code: i32,
    },
    /// The connection ended first: it may have happened or not.
    Unknown,
}

/// The last transaction that a server has applied, if it serves (the four-letter word `srvr`, which needs
/// no session and waits for no request).
pub(crate) fn last_applied(port: u16) -> Option<Zxid> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, CONNECT_PATIENCE).ok()?;
    stream.set_read_timeout(Some(CONNECT_PATIENCE)).ok()?;
    stream.write_all(b"srvr").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let zxid = text.lines().find_map(|line| line.strip_prefix("Zxid: 0x"))?;
    let number = u64::from_str_radix(zxid, 16).ok()?;
    Input(number.to_be_bytes().as_slice()).zxid().ok()
}

/// Number of a request in the run.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call(usize);

/// What has been answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    next: usize,
    answers: BTreeMap<Call, Answer>,
}

impl Answers {
    fn call(&mut self) -> Call {
        self.next += 1;
        Call(self.next)
    }

    /// The same, for whoever asks no second time.
    pub(crate) fn take(&mut self, call: Call) -> Option<Answer> {
        self.answers.remove(&call)
    }

    /// The answer to a request, if there is one.
    pub(crate) fn get(&self, call: Call) -> Option<&Answer> {
        self.answers.get(&call)
    }
}

/// A request that was sent: its number, its call, and what a good answer to it carries.
type Sent = (i32, Call, Contents);

/// A connection to one server.
#[derive(Debug)]
pub(crate) struct Client {
    stream: Arc<Mutex<TcpStream>>,
    /// Requests that were sent, for whoever reads the answers.
    sent: Sender<Sent>,
    board: Arc<Board>,
    /// Ends with whoever reads the answers.
    reads: Weak<()>,
    xid: i32,
    /// For the next server.
    session: Session,
}

impl Client {
    /// Opens a session at the server that has this client port.
    pub(crate) fn connect(board: &Arc<Board>, port: u16) -> Result<Self> {
        let opened = Self::resume(board, port, &Session::new(), Zxid::ZERO)?;
        opened.ok_or(Error::Value("no session was given"))
    }

    /// Continues a session, whose last answer had this zxid, at the server that has this client port;
    /// nothing if the session is gone.
    pub(crate) fn resume(
        board: &Arc<Board>,
        port: u16,
        session: &Session,
        last_seen: Zxid,
    ) -> Result<Option<Self>> {
        Self::dial(board, port, (session, SESSION_TIMEOUT_MS), last_seen)
    }

    /// The same for a session that ends when the servers hear nothing of it for this long.
    pub(crate) fn dial(
        board: &Arc<Board>,
        port: u16,
        (session, timeout_ms): (&Session, i32),
        last_seen: Zxid,
    ) -> Result<Option<Self>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, CONNECT_PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(CONNECT_PATIENCE))?;
        stream.write_all(&connect_request(timeout_ms, session, last_seen))?;
        let mut input = Input(BufReader::new(stream.try_clone()?));
        let connected = Connected::parse(&read_frame(&mut input)?)?;
        if connected.timeout_ms == 0 {
            return Ok(None);
        }
        stream.set_read_timeout(None)?;
        let (sent, requests) = channel();
        let (reader, alive) = (Arc::clone(board), Arc::new(()));
        let reads = Arc::downgrade(&alive);
        std::thread::spawn(move || {
            listen(&reader, &mut input, &requests);
            drop(alive);
        });
        let (session, stream) = (connected.session, Arc::new(Mutex::new(stream)));
        Ok(Some(Self { stream, sent, board: Arc::clone(board), reads, xid: 0, session }))
    }

    /// What the client shows to the next server.
    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Whether the server has not hung up.
    pub(crate) fn is_open(&self) -> bool {
        self.reads.strong_count() > 0
    }

    /// Sends a request and does not wait for its answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Call> {
        self.send(request.answer(), |xid| request.to_frame(xid))
    }

    /// The same for a request of the lock recipe.
    pub(crate) fn ask_for_lock(&mut self, request: &lock::Request) -> Result<Call> {
        self.send(request.answer(), |xid| request.to_frame(xid))
    }

    fn send(&mut self, contents: Contents, frame: impl FnOnce(i32) -> Vec<u8>) -> Result<Call> {
        self.xid += 1;
        let call = self.board.change(|state| state.clients.call());
        // Told before it is sent: the answer may be quick. If nobody listens, the connection is over.
        let told = self.sent.send((self.xid, call, contents));
        told.map_err(|_| std::io::Error::from(std::io::ErrorKind::NotConnected))?;
        write(&self.stream, &frame(self.xid))?;
        Ok(call)
    }

    /// Keeps the session alive, until that is dropped.
    pub(crate) fn pings(&self, every: Duration) -> Pings {
        let (stop, stopped) = channel();
        let stream = Arc::clone(&self.stream);
        std::thread::spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout)
                && write(&stream, &lock::ping()).is_ok()
            {}
        });
        Pings { _stop: stop }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
}

/// As long as this lives a session is kept alive.
#[derive(Debug)]
pub(crate) struct Pings {
    /// The thread ends with it.
    _stop: Sender<()>,
}

/// Writes a whole frame: requests and pings come from different threads.
fn write(stream: &Mutex<TcpStream>, frame: &[u8]) -> std::io::Result<()> {
    stream.lock().unwrap_or_else(PoisonError::into_inner).write_all(frame)
}

/// Reads answers until the connection ends; what is open then will never be answered.
fn listen(board: &Board, input: &mut Input<BufReader<TcpStream>>, requests: &Receiver<Sent>) {
    while let Ok(reply) = read_frame(input).and_then(|frame| Reply::parse(&frame)) {
        // Answers come in the order of the requests; negative numbers are events and pings.
        if reply.xid < 0 {
            continue;
        }
        let Ok((xid, call, contents)) = requests.recv() else { return };
        let answer = match reply.error {
            _ if xid != reply.xid => break,
            0 => match reply.contents(contents) {
                Ok(found) => Answer::Done { zxid: reply.zxid, found },
                Err(_) => break,
            },
            code => Answer::Refused { zxid: reply.zxid, code },
        };
        board.change(|state| state.clients.answers.insert(call, answer));
    }
    for (_, call, _) in requests.iter() {
        board.change(|state| state.clients.answers.insert(call, Answer::Unknown));
    }
}
