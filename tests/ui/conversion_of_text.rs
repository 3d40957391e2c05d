// A document that is stored as text or as a number is no map of attributes.
use dynamodel::Document;

#[derive(Document)]
enum Device {
    Mobile,
    Desktop,
}

fn map<D: Document>(document: D) {
    let _ = document.to_item();
}

fn main() {
    map(Device::Mobile);
}
