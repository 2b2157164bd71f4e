//! What a server said, reduced to what a specification can get wrong: which objects there are,
//! which fields they have, of which kinds, and which of them are always there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The fields of one object with their kinds: its shape.
pub type Shape = BTreeMap<String, String>;

/// Every shape that was heard of each class of objects.
///
/// A frame's class is its `type`; an object inside of it is called by its way from there, such as
/// `welcome.server` or `rooms.rooms[]`. Events are frames wherever they stand, members are
/// `member`s.
#[derive(Default)]
pub struct Heard {
    shapes: BTreeMap<String, BTreeSet<Shape>>,
    /// Every `error`, without its id if it had none.
    pub errors: Vec<Value>,
}

impl Heard {
    /// Notes a frame; `or` is the class of one that has no type of its own.
    pub fn note(&mut self, frame: &Value, or: &str) {
        if frame["type"] == "error" {
            self.errors.push(frame.clone());
        }
        for (class, shape) in shapes(frame, or) {
            self.shapes.entry(class).or_default().insert(shape);
        }
    }

    /// Every class that was heard.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.shapes.keys().map(String::as_str)
    }

    /// Every shape of a class.
    pub fn shapes(&self, class: &str) -> impl Iterator<Item = &Shape> {
        self.shapes.get(class).into_iter().flatten()
    }

    /// The kinds in which a field of a class was heard, and whether it was always there.
    pub fn fields(&self, class: &str) -> BTreeMap<String, (BTreeSet<String>, bool)> {
        let mut fields: BTreeMap<String, (BTreeSet<String>, bool)> = BTreeMap::new();
        for (name, kind) in self.shapes(class).flatten() {
            fields.entry(name.clone()).or_default().0.insert(kind.clone());
        }
        for (name, (_, always)) in &mut fields {
            *always = self.shapes(class).all(|shape| shape.contains_key(name));
        }
        fields
    }
}

/// The classes and shapes of all objects in a frame.
pub fn shapes(frame: &Value, or: &str) -> Vec<(String, Shape)> {
    let mut found = Vec::new();
    if let Some(object) = frame.as_object() {
        visit(&class_of(object, or), object, &mut found);
    }
    found
}

fn class_of(frame: &Map<String, Value>, or: &str) -> String {
    match frame.get("type").and_then(Value::as_str) {
        Some("about:blank") => "problem".to_owned(),
        Some(kind) if kind.starts_with("image/") => "image".to_owned(),
        Some(kind) => kind.to_owned(),
        None => or.to_owned(),
    }
}

fn visit(class: &str, object: &Map<String, Value>, found: &mut Vec<(String, Shape)>) {
    let shape = object.iter().map(|(name, value)| (name.clone(), kind(value).to_owned()));
    found.push((class.to_owned(), shape.collect()));
    for (name, value) in object {
        match value {
            // A request, which is described where requests are.
            _ if name == "example" => {}
            Value::Object(inner) => visit(&format!("{class}.{name}"), inner, found),
            Value::Array(list) => {
                for inner in list.iter().filter_map(Value::as_object) {
                    visit(&element_class(class, name, inner), inner, found);
                }
            }
            _ => {}
        }
    }
}

fn element_class(class: &str, name: &str, element: &Map<String, Value>) -> String {
    match (class, name) {
        (_, "events") => class_of(element, "event"),
        (_, "images") => "image".to_owned(),
        ("joined" | "members", "members") | ("presence", "joined" | "left" | "changed") => {
            "member".to_owned()
        }
        _ => format!("{class}.{name}[]"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[test]
fn a_frame_is_reduced_to_the_shapes_of_its_objects() {
    let mut heard = Heard::default();
    heard
        .note(&serde_json::json!({"type": "joined", "members": [{"nick": "a"}], "events": []}), "");
    heard.note(&serde_json::json!({"type": "joined", "id": 1, "events": [{"type": "topic"}]}), "");
    assert_eq!(heard.classes().collect::<Vec<_>>(), ["joined", "member", "topic"]);
    let fields = heard.fields("joined");
    assert!(fields["events"].1 && !fields["id"].1);
    assert!(fields["id"].0.contains("integer"));
}
