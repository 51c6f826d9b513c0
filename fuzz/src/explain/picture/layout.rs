//! Where everything goes: columns from left to right, and a place on the axis for every point in time.
//!
//! Quiet time is short and busy time is long: a point is as far below the one before it as the
//! logarithm of the time between them, and further where the words beside it need the room. So
//! nothing overlaps, the order is kept, and what happens at the same time is on one line.

use super::scene::{Fate, Message, Point, Scene, Sentence};
use crate::explain::story::Weight;
use std::collections::BTreeMap;

/// The width of the time axis.
pub(super) const AXIS: f64 = 52.0;

/// The width of the faults' bars and words.
const FAULTS: f64 = 118.0;

/// The width of a client's lane.
const CLIENT: f64 = 66.0;

/// The width of the band of a client that has the lock, and of its space beside what it asks.
pub(super) const HELD: f64 = 14.0;
/// See [`HELD`].
const HELD_ROOM: f64 = HELD + 4.0;

/// The width of a server's band.
pub(super) const BAND: f64 = 20.0;

/// The width of the space between two lanes, in which the names of packets stand.
const CORRIDOR: f64 = 68.0;

/// The width of an epoch file.
pub(super) const EPOCH: f64 = 13.0;

/// The height of the names of lanes and columns.
pub(super) const HEADER: f64 = 64.0;

/// A line of words, and one of small ones.
pub(super) const LINE: f64 = 15.0;
/// See [`LINE`].
pub(super) const SMALL: f64 = 11.5;

/// About how wide a letter is, relative to the size of the font.
const LETTER: f64 = 0.53;

/// See [`LETTER`]: a bold one.
const BOLD: f64 = 0.62;

/// What a picture is drawn on.
#[derive(Copy, Clone, Debug)]
pub(super) struct Sheet {
    /// The width of the picture without the words.
    width: f64,
    /// The width of the words.
    words: f64,
    /// Whether details are told as well.
    details: bool,
    font: f64,
}

impl Sheet {
    /// A page: the words stand beside the picture.
    pub(super) fn page(scene: &Scene) -> Self {
        let width = natural_width(scene).clamp(780.0, 960.0);
        Self { width, words: (1226.0 - width).max(270.0), details: true, font: 12.5 }
    }

    /// A figure: the words are part of it.
    pub(super) fn figure(scene: &Scene) -> Self {
        let width = natural_width(scene).clamp(700.0, 960.0);
        Self { width, words: 300.0, details: false, font: 12.0 }
    }
}

fn servers(scene: &Scene) -> usize {
    scene.frames.first().map_or(0, |frame| frame.servers.len())
}

/// What the picture would like to have.
fn natural_width(scene: &Scene) -> f64 {
    let lane = BAND + 2.0 * EPOCH + 14.0 + scene.columns.len() as f64 * 15.0 + CORRIDOR;
    left(scene) + lane * servers(scene) as f64
}

fn left(scene: &Scene) -> f64 {
    AXIS + FAULTS + (0..scene.clients.len()).map(|client| client_width(scene, client)).sum::<f64>()
}

/// The room for the bands of a client's lane, if it ever has the lock.
fn held_room(scene: &Scene, client: usize) -> f64 {
    if scene.held.iter().any(|held| held.client == client) { HELD_ROOM } else { 0.0 }
}

/// The width of a client's lane.
fn client_width(scene: &Scene, client: usize) -> f64 {
    CLIENT + held_room(scene, client)
}

/// The lane of a server, from left to right.
#[derive(Copy, Clone, Debug)]
pub(super) struct Lane {
    pub(super) band: f64,
    pub(super) epochs: [f64; 2],
    pub(super) columns: f64,
    pub(super) step: f64,
    pub(super) right: f64,
}

/// A place for everything.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) sheet_words: f64,
    pub(super) details: bool,
    pub(super) font: f64,
    /// Without the words.
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) faults: f64,
    /// By bar: which column of bars it stands in.
    pub(super) fault_columns: Vec<usize>,
    /// By client: its lane, and what it asks in there.
    pub(super) clients: Vec<f64>,
    /// See [`Layout::clients`].
    pub(super) operations: Vec<f64>,
    pub(super) lanes: Vec<Lane>,
    /// The times that are written at the axis.
    pub(super) ticks: Vec<(f64, u64)>,
    /// Where the axis is broken, and how much is left out.
    pub(super) breaks: Vec<(f64, u64)>,
    /// By sentence.
    pub(super) sentences: Vec<f64>,
    places: BTreeMap<Point, f64>,
}

/// Something that needs room below its place.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Fault,
    Client(usize),
    Corridor(usize),
    Lane(usize),
    Words,
}

impl Layout {
    pub(super) fn new(scene: &Scene, sheet: Sheet) -> Self {
        let mut right = AXIS + FAULTS + 6.0;
        let mut place = |client| {
            let x = right;
            right += client_width(scene, client);
            x
        };
        let clients: Vec<f64> = (0..scene.clients.len()).map(&mut place).collect();
        let operations = (0..).zip(&clients).map(|(client, x)| x + held_room(scene, client));
        let mut layout = Self {
            sheet_words: sheet.words,
            details: sheet.details,
            font: sheet.font,
            width: sheet.width,
            height: 0.0,
            faults: AXIS + 4.0,
            fault_columns: fault_columns(scene),
            operations: operations.collect(),
            clients,
            lanes: lanes(scene, sheet.width),
            ticks: Vec::new(),
            breaks: Vec::new(),
            sentences: Vec::new(),
            places: BTreeMap::new(),
        };
        layout.place(scene);
        layout.sentences = layout.sentences_of(scene);
        layout
    }

    /// The place of a point, or of what comes just before it.
    pub(super) fn y(&self, point: Point) -> f64 {
        let before = self.places.range(..=point).next_back();
        before.map_or(0.0, |(_, y)| *y)
    }

    /// The number of a corridor that a packet passes, and whether its name stands where it arrives.
    pub(super) fn corridor(message: &Message) -> (usize, bool) {
        let (from, to) = (message.from.index(), message.to.index());
        if to > from { (from + 1, to == from + 1) } else { (from, false) }
    }

    /// Whether a sentence is told.
    pub(super) fn tells(&self, sentence: &Sentence) -> bool {
        self.details || sentence.weight > Weight::Detail
    }

    /// The lines of a sentence.
    pub(super) fn lines(&self, sentence: &Sentence) -> Vec<String> {
        // A page has turns in bold.
        let is_bold = self.details && sentence.weight == Weight::Turn;
        let stretch = if is_bold { BOLD / LETTER } else { 1.0 };
        wrap(&sentence.text, self.sheet_words - 34.0, self.font * stretch)
    }

    /// The lines of the words of a fault.
    pub(super) fn fault_lines(&self, text: &str) -> Vec<String> {
        let bars = self.fault_columns.iter().max().map_or(0, |most| most + 1);
        wrap(text, FAULTS - 10.0 - 8.0 * bars as f64, 10.5)
    }

    fn place(&mut self, scene: &Scene) {
        let needs = self.needs(scene);
        let mut bottoms: BTreeMap<Slot, f64> = BTreeMap::new();
        let (mut y, mut before) = (8.0, None::<Point>);
        let mut last_tick = f64::MIN;
        for (point, slots) in needs {
            let gap = before.map_or(0.0, |before| gap(point.at_us - before.at_us));
            let below = slots.iter().filter_map(|(slot, _)| bottoms.get(slot));
            let above = y;
            y = below.fold(y + gap, |y, bottom| y.max(*bottom));
            let since = before.map_or(0, |before| point.at_us - before.at_us);
            if since >= BREAK_US {
                self.breaks.push(((above + y) / 2.0, since));
            }
            let is_new = before.is_none_or(|before| before.at_us != point.at_us);
            if is_new && y >= last_tick + 13.0 {
                self.ticks.push((y, point.at_us));
                last_tick = y;
            }
            // What shares a point and a slot is stacked.
            let mut here: BTreeMap<Slot, f64> = BTreeMap::new();
            for (slot, height) in slots {
                *here.entry(slot).or_insert(y) += height;
            }
            for (slot, bottom) in here {
                bottoms
                    .entry(slot)
                    .and_modify(|known| *known = known.max(bottom))
                    .or_insert(bottom);
            }
            self.places.insert(point, y);
            before = Some(point);
        }
        self.height = bottoms.into_values().fold(y, f64::max) + 12.0;
    }

    /// Where each sentence stands: at its point, or below the one before it.
    fn sentences_of(&self, scene: &Scene) -> Vec<f64> {
        let mut bottom = f64::MIN;
        let place = |sentence: &Sentence| {
            let y = self.y(sentence.at.min(scene.end)).max(bottom);
            if self.tells(sentence) {
                bottom = y + self.height_of(sentence);
            }
            y
        };
        scene.sentences.iter().map(place).collect()
    }

    fn height_of(&self, sentence: &Sentence) -> f64 {
        self.lines(sentence).len() as f64 * LINE + 4.0
    }

    /// Every point that needs a place, with what stands there.
    fn needs(&self, scene: &Scene) -> BTreeMap<Point, Vec<(Slot, f64)>> {
        let mut needs: BTreeMap<Point, Vec<(Slot, f64)>> = BTreeMap::new();
        let mut need = |point: Point, slot: Option<(Slot, f64)>| {
            needs.entry(point.min(scene.end)).or_default().extend(slot);
        };
        for frame in &scene.frames {
            need(frame.at, None);
        }
        for message in &scene.messages {
            let (corridor, at_arrival) = Self::corridor(message);
            let room = Some((Slot::Corridor(corridor), 9.5));
            let arrives = match message.fate {
                Fate::Arrives(at) => Some(at),
                Fate::Lost | Fate::Unknown => None,
            };
            need(message.sent, room.filter(|_| !at_arrival || arrives.is_none()));
            if let Some(at) = arrives {
                need(at, room.filter(|_| at_arrival));
            }
        }
        for operation in &scene.operations {
            let slot = Slot::Client(operation.client);
            need(operation.asked, Some((slot, 2.0 * SMALL + 2.0)));
            operation.at_server.into_iter().flatten().for_each(|at| need(at, None));
            if let Some(ended) = operation.ended {
                need(ended, Some((slot, SMALL + 5.0)));
            }
        }
        for held in &scene.held {
            need(held.from, None);
            need(held.to, None);
        }
        for fault in &scene.faults {
            let lines = self.fault_lines(&fault.words).len();
            need(fault.from, Some((Slot::Fault, lines as f64 * SMALL + 4.0)));
            need(fault.to, None);
        }
        for turn in &scene.turns {
            need(turn.at, Some((Slot::Lane(turn.server.index()), SMALL)));
        }
        for promise in &scene.promises {
            need(promise.until, Some((Slot::Lane(promise.server.index()), SMALL)));
        }
        for sentence in scene.sentences.iter().filter(|sentence| self.tells(sentence)) {
            need(sentence.at, Some((Slot::Words, self.height_of(sentence))));
        }
        if scene.left_out > 0 {
            need(scene.detailed_until, Some((Slot::Fault, SMALL + 6.0)));
        }
        need(scene.end, None);
        needs
    }
}

/// So long a quiet time is marked at the axis.
const BREAK_US: u64 = 15_000;

/// How far below a point the next one is, after this time.
fn gap(us: u64) -> f64 {
    if us == 0 { 1.0 } else { 1.5 + 2.0 * (1.0 + us as f64 / 100.0).log2() }
}

/// The lanes of the servers share what the rest has left.
fn lanes(scene: &Scene, width: f64) -> Vec<Lane> {
    let (count, columns) = (servers(scene), scene.columns.len().max(1) as f64);
    let first = left(scene) + 16.0;
    let fixed = BAND + 2.0 * EPOCH + 12.0;
    // Names of packets stand between the lanes.
    let room = (width - first - 16.0 + CORRIDOR) / count as f64 - fixed;
    let step = ((room - CORRIDOR) / columns).clamp(6.5, 20.0);
    let lane = |at: usize| {
        let band = first + at as f64 * (fixed + room);
        let epochs = [band + BAND + 3.0, band + BAND + 3.0 + EPOCH + 2.0];
        let columns_at = epochs[1] + EPOCH + 4.0;
        let right = columns_at + step * columns;
        Lane { band, epochs, columns: columns_at, step, right }
    };
    (0..count).map(lane).collect()
}

/// Bars of faults that overlap stand side by side.
fn fault_columns(scene: &Scene) -> Vec<usize> {
    let mut ends: Vec<Point> = Vec::new();
    let place = |fault: &super::scene::FaultBar| {
        let free = ends.iter().position(|end| *end <= fault.from);
        let column = free.unwrap_or(ends.len());
        if column == ends.len() {
            ends.push(fault.to);
        } else {
            ends[column] = fault.to;
        }
        column
    };
    scene.faults.iter().map(place).collect()
}

/// Breaks a text into lines that fit; a zxid stays in one piece.
pub(super) fn wrap(text: &str, width: f64, font: f64) -> Vec<String> {
    let most = ((width / (font * LETTER)) as usize).max(8);
    let mut wrapped = String::new();
    crate::explain::text::push_wrapped(&mut wrapped, most, "", text);
    wrapped.lines().map(str::to_owned).collect()
}
