//! How many documents are kept, and how long.

use super::*;

fn conn(number: u64) -> ConnId {
    ConnId::from_u64(number).unwrap()
}

fn somebody() -> Person {
    Person { name: "Ada".into(), caret: None }
}

#[test]
fn a_document_outlives_those_who_have_it_open_without_its_history() {
    let mut documents = Documents::default();
    documents.open("a", conn(1), somebody(), &[]);
    let ada = Replica::for_browser(1);
    ada.splice(&Splice(0, 0, "abcdef".into())).unwrap();
    ada.splice(&Splice(1, 4, String::new())).unwrap();
    documents.change("a", |document| document.learn(&ada.news(&document.shared.knows())));
    assert_eq!(documents.get("a").unwrap().shared.text(), "af");
    let long = documents.get("a").unwrap().history;
    documents.close("a", conn(1));
    let document = documents.get("a").unwrap();
    assert_eq!((document.shared.text(), document.history, document.people.len()), ("af".into(), 0, 0));
    assert!(long > 0 && !document.is_full());
}

#[test]
fn the_number_of_documents_is_bounded_and_open_ones_stay() {
    let mut documents = Documents::default();
    for n in 0..MOST as u64 {
        documents.open(&n.to_string(), conn(n + 1), somebody(), &[]);
    }
    assert!(documents.has_room_for("7") && !documents.has_room_for("another"));
    for (id, number) in [("9", 10), ("8", 9)] {
        documents.change(id, |document| document.saved = Some(Timestamp::from_unix_micros(1)));
        documents.close(id, conn(number));
    }
    assert!(documents.has_room_for("another"));
    documents.open("another", conn(99), somebody(), &[]);
    assert!(documents.get("8").is_none() && documents.get("9").is_some());
    assert_eq!(documents.all.len(), MOST);
    documents.close("7", conn(8));
    assert!(documents.get("7").is_none(), "empty, and never saved");
}

#[test]
fn who_is_not_there_any_more_has_nothing_open() {
    let mut documents = Documents::default();
    for (number, still) in [(1, &[][..]), (2, &[conn(1)]), (3, &[conn(2)])] {
        documents.open("a", conn(number), somebody(), still);
    }
    assert_eq!(documents.get("a").unwrap().people.keys().collect::<Vec<_>>(), [&conn(2), &conn(3)]);
}
