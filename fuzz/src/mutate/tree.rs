//! A BER object as a tree that can be changed. Reading never fails: what is no element stays as octets. Nothing recurses.

/// Elements of one object, at most; the rest stays as octets.
const NODES: usize = 4_000;
const DEPTH: usize = 40;

/// All elements, by number. Number 0 is around them all.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// None for octets that are no element.
    pub(super) tag: Vec<u8>,
    pub(super) form: Form,
    pub(super) content: Content,
}

/// How the length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As short as it goes.
    Short,
    /// With so many octets after the first, if they are enough.
    Long(usize),
    Indefinite,
    /// Too long by so many, or too short.
    Wrong(i8),
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Octets(Vec<u8>),
    /// Elements; in an OCTET STRING or a BIT STRING that holds some, after these octets.
    Inside(&'static [u8], Vec<usize>),
}

/// A header: octets of the tag, octets of tag and length, the length if it is definite.
struct Header {
    tag: usize,
    octets: usize,
    length: Option<usize>,
    form: Form,
}

fn header(octets: &[u8]) -> Option<Header> {
    let mut tag = 1;
    if octets.first()? & 0x1f == 0x1f {
        while *octets.get(tag)? >= 0x80 {
            tag += 1;
        }
        tag += 1;
    }
    let first = *octets.get(tag)?;
    if first < 0x80 {
        return Some(Header { tag, octets: tag + 1, length: Some(usize::from(first)), form: Form::Short });
    }
    let count = usize::from(first & 0x7f);
    if count == 0 {
        return Some(Header { tag, octets: tag + 1, length: None, form: Form::Indefinite });
    }
    let digits = octets.get(tag + 1..tag + 1 + count).filter(|_| count <= 4)?;
    let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    let shortest = length >= 0x80 && digits[0] != 0;
    let form = if shortest { Form::Short } else { Form::Long(count) };
    Some(Header { tag, octets: tag + 1 + count, length: Some(length), form })
}

/// The first element, whole, and what is in it, when it is of definite length and whole.
pub fn element(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let header = header(octets)?;
    let end = header.octets.checked_add(header.length?)?;
    Some((octets.get(..end)?, octets.get(header.octets..end)?))
}

/// Elements being read.
struct Frame {
    node: usize,
    start: usize,
    content: usize,
    at: usize,
    end: usize,
    indefinite: bool,
}

impl Tree {
    pub fn read(octets: &[u8]) -> Self {
        let around = Node { tag: Vec::new(), form: Form::Short, content: Content::Inside(&[], Vec::new()) };
        let mut tree = Self { nodes: vec![around] };
        let mut open = vec![Frame { node: 0, start: 0, content: 0, at: 0, end: octets.len(), indefinite: false }];
        while let Some(frame) = open.last_mut() {
            let rest = &octets[frame.at..frame.end];
            let ended = if frame.indefinite { rest.starts_with(&[0, 0]) } else { rest.is_empty() };
            if ended {
                let next = frame.at + if frame.indefinite { 2 } else { 0 };
                open.pop();
                if let Some(parent) = open.last_mut() {
                    parent.at = next;
                }
            } else if !tree.read_element(octets, &mut open) {
                tree.give_up(octets, &mut open);
            }
        }
        tree
    }

    /// The next element of the innermost frame: a node, and a frame if there are elements in it.
    fn read_element(&mut self, octets: &[u8], open: &mut Vec<Frame>) -> bool {
        let depth = open.len();
        let Some(frame) = open.last_mut() else { return false };
        let Some(header) = header(&octets[frame.at..frame.end]) else { return false };
        let (start, content) = (frame.at, frame.at + header.octets);
        let end = match header.length {
            Some(length) if length <= frame.end - content => content + length,
            None if octets[start] & 0x20 != 0 => frame.end,
            _ => return false,
        };
        let room = self.nodes.len() < NODES && depth < DEPTH;
        let tag = octets[start..start + header.tag].to_vec();
        let before = if tag[0] & 0x20 != 0 { Some(&[][..]) } else { wrapped(&tag, &octets[content..end]) };
        let number = self.nodes.len();
        let indefinite = header.length.is_none();
        if indefinite && !room {
            return false;
        }
        let inside = before.filter(|_| room);
        let octets_of = || Content::Octets(octets[content..end].to_vec());
        let node = inside.map_or_else(octets_of, |before| Content::Inside(before, Vec::new()));
        self.nodes.push(Node { tag, form: header.form, content: node });
        self.adopt(frame.node, number);
        match inside {
            Some(before) => {
                let at = content + before.len();
                open.push(Frame { node: number, start, content, at, end, indefinite });
            }
            None => frame.at = end,
        }
        true
    }

    fn adopt(&mut self, parent: usize, child: usize) {
        if let Content::Inside(_, children) = &mut self.nodes[parent].content {
            children.push(child);
        }
    }

    /// What is no element makes octets of the nearest element around it whose end is known.
    fn give_up(&mut self, octets: &[u8], open: &mut Vec<Frame>) {
        let mut first = None;
        while open.len() > 1 && open.last().is_some_and(|frame| frame.indefinite) {
            first = open.pop();
        }
        let Some(frame) = open.last_mut() else { return };
        if frame.node != 0 {
            self.nodes.truncate(frame.node + 1);
            self.nodes[frame.node].content = Content::Octets(octets[frame.content..frame.end].to_vec());
            let end = frame.end;
            open.pop();
            if let Some(parent) = open.last_mut() {
                parent.at = end;
            }
            return;
        }
        let start = first.map_or(frame.at, |frame| {
            self.nodes.truncate(frame.node);
            frame.start
        });
        self.keep_children();
        let rest = Content::Octets(octets[start..frame.end].to_vec());
        self.nodes.push(Node { tag: Vec::new(), form: Form::Short, content: rest });
        let number = self.nodes.len() - 1;
        self.adopt(0, number);
        frame.at = frame.end;
    }

    /// Forgets children that are gone.
    fn keep_children(&mut self) {
        let count = self.nodes.len();
        for node in &mut self.nodes {
            if let Content::Inside(_, children) = &mut node.content {
                children.retain(|child| *child < count);
            }
        }
    }

    /// The octets again.
    pub fn write(&self) -> Vec<u8> {
        let mut written: Vec<Vec<u8>> = vec![Vec::new(); self.nodes.len()];
        let mut open = vec![(0, false)];
        while let Some((number, is_ready)) = open.pop() {
            let node = &self.nodes[number];
            match &node.content {
                Content::Inside(_, children) if !is_ready => {
                    open.push((number, true));
                    open.extend(children.iter().map(|child| (*child, false)));
                }
                Content::Inside(before, children) => {
                    let mut content = before.to_vec();
                    for child in children {
                        content.append(&mut written[*child]);
                    }
                    written[number] = node.around(content);
                }
                Content::Octets(octets) => written[number] = node.around(octets.clone()),
            }
        }
        written.swap_remove(0)
    }

    /// Every element that is in the tree: the one that it is in, and its place there.
    pub(super) fn places(&self) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        let mut open = vec![0];
        while let Some(number) = open.pop() {
            if let Content::Inside(_, children) = &self.nodes[number].content {
                for (place, child) in children.iter().enumerate() {
                    places.push((number, place));
                    open.push(*child);
                }
            }
        }
        places
    }

    pub(super) fn children(&self, number: usize) -> &[usize] {
        match &self.nodes[number].content {
            Content::Inside(_, children) => children,
            Content::Octets(_) => &[],
        }
    }

    pub(super) fn children_mut(&mut self, number: usize) -> Option<&mut Vec<usize>> {
        match &mut self.nodes[number].content {
            Content::Inside(_, children) => Some(children),
            Content::Octets(_) => None,
        }
    }

    /// A copy of an element with all that is in it; nothing when that is too much.
    pub(super) fn copy(&mut self, number: usize) -> Option<usize> {
        let copy = self.push(self.nodes[number].clone());
        let mut open = vec![copy];
        while let Some(number) = open.pop() {
            let children = self.children(number).to_vec();
            let mut copies = Vec::new();
            for child in children {
                if self.nodes.len() > 2 * NODES {
                    return None;
                }
                copies.push(self.push(self.nodes[child].clone()));
            }
            open.extend(&copies);
            if let Some(children) = self.children_mut(number) {
                *children = copies;
            }
        }
        Some(copy)
    }

    pub(super) fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Replaces what is in the first element of these octets, which must be in the tree.
    pub fn replace(&mut self, content: &[u8], by: &[u8]) -> bool {
        let is_it = |node: &&mut Node| matches!(&node.content, Content::Octets(octets) if octets == content);
        let found = self.nodes.iter_mut().find(is_it);
        found.map(|node| node.content = Content::Octets(by.to_vec())).is_some()
    }
}

impl Node {
    pub(super) fn new(tag: u8, content: Content) -> Self {
        Self { tag: vec![tag], form: Form::Short, content }
    }

    fn around(&self, mut content: Vec<u8>) -> Vec<u8> {
        if self.tag.is_empty() {
            return content;
        }
        let mut octets = self.tag.clone();
        let length = content.len();
        let digits =
            |value: usize| value.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect::<Vec<u8>>();
        match self.form {
            Form::Indefinite => {
                octets.push(0x80);
                content.extend([0, 0]);
            }
            Form::Short if length < 0x80 => octets.push(length as u8),
            Form::Long(count) => {
                let digits = digits(length);
                let count = count.clamp(digits.len().max(1), 126);
                octets.push(0x80 | count as u8);
                octets.extend(vec![0; count - digits.len()]);
                octets.extend(digits);
            }
            Form::Short | Form::Wrong(_) => {
                let wrong = if let Form::Wrong(by) = self.form { isize::from(by) } else { 0 };
                let length = length.saturating_add_signed(wrong);
                let digits = digits(length);
                if length < 0x80 {
                    octets.push(length as u8);
                } else {
                    octets.push(0x80 | digits.len() as u8);
                    octets.extend(digits);
                }
            }
        }
        octets.append(&mut content);
        octets
    }
}

/// Whether an OCTET STRING or a BIT STRING holds one element and nothing else; what stands before it.
fn wrapped(tag: &[u8], content: &[u8]) -> Option<&'static [u8]> {
    const TAGS: [u8; 10] = [0x30, 0x31, 0x04, 0x03, 0x02, 0x06, 0x16, 0x0c, 0xa0, 0xa1];
    let before: &[u8] = match tag {
        [0x04] => &[],
        [0x03] if content.first() == Some(&0) => &[0],
        _ => return None,
    };
    let rest = &content[before.len()..];
    let is_one =
        rest.first().is_some_and(|tag| TAGS.contains(tag)) && element(rest).is_some_and(|(all, _)| all == rest);
    is_one.then_some(before)
}
