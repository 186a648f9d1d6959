//! Changes of one element, its place or its length. The lengths around it follow.

use super::random::{Random, octets};
use super::tree::{Content, Form, Node, Tree};

/// Tags that mean something somewhere in a certificate or a CMS object.
const TAGS: [u8; 26] = [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x24, 0x30, 0x31, 0x80, 0x81, 0x82,
    0x86, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0x23,
];

/// Contents that something asks for: numbers, booleans, object identifiers, times, mailboxes.
const CONTENTS: [&[u8]; 40] = [
    b"",
    b"\x00",
    b"\x01",
    b"\x02",
    b"\x03",
    b"\xff",
    b"\x00\x80",
    b"\x80",
    b"\x7f\xff\xff\xff",
    b"\x00\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x01\x00\x01",
    b"\x55\x1d\x11",
    b"\x55\x1d\x0f",
    b"\x55\x1d\x13",
    b"\x55\x1d\x1e",
    b"\x55\x1d\x25",
    b"\x55\x1d\x20",
    b"\x55\x1d\x21",
    b"\x55\x1d\x24",
    b"\x55\x1d\x36",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0b",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f",
    b"\x2b\x06\x01\x04\x01\x82\x37\x10\x04",
    b"\x2b\x06\x01\x05\x05\x07\x08\x09",
    b"\x2b\x06\x01\x05\x05\x07\x03\x04",
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x01",
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x03",
    b"260101000000Z",
    b"99991231235959Z",
    b"alice@goal.example",
    b"mallory@evil.example",
    b"alice@goal.example\x00.evil.example",
    b"\"alice@goal.example\"@evil.example",
    b".example",
    b"evil.example",
];

pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut tree = Tree::read(bytes);
    let places = tree.places();
    if places.is_empty() {
        return bytes.to_vec();
    }
    let (parent, place) = *random.pick(&places);
    let number = tree.children(parent)[place];
    match random.below(16) {
        0 => flip_constructed(&mut tree, number),
        1 => change_tag(&mut tree, number, random),
        2 => insert_copy(&mut tree, (parent, place), number, random),
        3 => drop(tree.children_mut(parent).map(|children| children.remove(place))),
        4 => swap(&mut tree, parent, place, random),
        5 | 6 => splice(&mut tree, (parent, place), &places, random),
        7 => change_form(&mut tree, number, random),
        8 => segment(&mut tree, number, random),
        9 => wrap(&mut tree, (parent, place), number, random),
        10 => unwrap(&mut tree, (parent, place), number),
        11 => copy_content(&mut tree, number, &places, random),
        12 => tree.nodes[number].content = Content::Octets(random.pick(&CONTENTS).to_vec()),
        _ => change_octets(&mut tree, number, &places, random),
    }
    tree.write()
}

fn flip_constructed(tree: &mut Tree, number: usize) {
    if let Some(tag) = tree.nodes[number].tag.first_mut() {
        *tag ^= 0x20;
    }
}

fn change_tag(tree: &mut Tree, number: usize, random: &mut Random) {
    let tag = match random.below(8) {
        0 => vec![random.octet()],
        1 => vec![0x1f | random.octet(), 0x80 | random.octet(), random.octet() & 0x7f],
        2 => tree.nodes[number].tag.iter().map(|octet| octet ^ 0x80).collect(),
        _ => vec![*random.pick(&TAGS)],
    };
    tree.nodes[number].tag = tag;
}

fn insert_copy(tree: &mut Tree, (parent, place): (usize, usize), number: usize, random: &mut Random) {
    let Some(copy) = tree.copy(number) else { return };
    let before = random.below(2);
    if let Some(children) = tree.children_mut(parent) {
        children.insert(place + before, copy);
    }
}

fn swap(tree: &mut Tree, parent: usize, place: usize, random: &mut Random) {
    if let Some(children) = tree.children_mut(parent) {
        let other = random.below(children.len());
        children.swap(place, other);
    }
}

/// A copy of another element, in the place of this one or before it.
fn splice(tree: &mut Tree, (parent, place): (usize, usize), places: &[(usize, usize)], random: &mut Random) {
    let (from, at) = *random.pick(places);
    let Some(copy) = tree.copy(tree.children(from)[at]) else { return };
    let replace = random.below(2);
    if let Some(children) = tree.children_mut(parent) {
        children.splice(place..place + replace, [copy]);
    }
}

fn change_form(tree: &mut Tree, number: usize, random: &mut Random) {
    tree.nodes[number].form = match random.below(5) {
        0 => Form::Short,
        1 => Form::Long(1 + random.below(6)),
        2 => Form::Wrong(random.octet() as i8),
        _ => Form::Indefinite,
    };
}

/// A string in segments, of which some may be segments again.
fn segment(tree: &mut Tree, number: usize, random: &mut Random) {
    let Content::Octets(octets) = tree.nodes[number].content.clone() else { return };
    let Some(tag) = tree.nodes[number].tag.first().copied() else { return };
    let primitive = if tag & 0xc0 == 0 { tag & !0x20 } else { 0x04 };
    let at = random.below(octets.len() + 1);
    let (one, other) = octets.split_at(at);
    let segments = [one, other].map(|part| tree.push(Node::new(primitive, Content::Octets(part.to_vec()))));
    let node = &mut tree.nodes[number];
    node.content = Content::Inside(&[], segments.to_vec());
    if let Some(tag) = node.tag.first_mut() {
        *tag |= 0x20;
    }
    if random.below(2) == 0 {
        node.form = Form::Indefinite;
    }
}

fn wrap(tree: &mut Tree, (parent, place): (usize, usize), number: usize, random: &mut Random) {
    let tag = *random.pick(&[0x30, 0x31, 0xa0, 0xa1, 0x24]);
    let around = tree.push(Node::new(tag, Content::Inside(&[], vec![number])));
    if let Some(children) = tree.children_mut(parent) {
        children[place] = around;
    }
}

fn unwrap(tree: &mut Tree, (parent, place): (usize, usize), number: usize) {
    let inside = tree.children(number).to_vec();
    if let Some(children) = tree.children_mut(parent).filter(|_| !inside.is_empty()) {
        children.splice(place..=place, inside);
    }
}

/// The content of another element with this tag: names, serial numbers, keys, times of others.
fn copy_content(tree: &mut Tree, number: usize, places: &[(usize, usize)], random: &mut Random) {
    let tag = tree.nodes[number].tag.clone();
    let all = places.iter().map(|(parent, place)| tree.children(*parent)[*place]);
    let same: Vec<usize> = all.filter(|other| *other != number && tree.nodes[*other].tag == tag).collect();
    if same.is_empty() {
        return;
    }
    let other = *random.pick(&same);
    let Some(copy) = tree.copy(other) else { return };
    tree.nodes[number].content = tree.nodes[copy].content.clone();
}

/// Octets of an element that has no others in it.
fn change_octets(tree: &mut Tree, number: usize, places: &[(usize, usize)], random: &mut Random) {
    let leaves = places.iter().map(|(parent, place)| tree.children(*parent)[*place]);
    let leaves: Vec<usize> = leaves.filter(|leaf| matches!(tree.nodes[*leaf].content, Content::Octets(_))).collect();
    let number = if tree.children(number).is_empty() || leaves.is_empty() { number } else { *random.pick(&leaves) };
    if let Content::Octets(content) = &mut tree.nodes[number].content {
        octets(content, random);
    }
}
