//! A plan as one JSON object, for programs.

use std::fmt::Write as _;

use super::{Plan, Step};

/// The object. It is written here, field by field, so that its shape is a decision and not
/// what the types happen to be.
pub(super) fn write(plan: &Plan) -> String {
    let mut json = format!(
        "{{\"revision\":{},\"count\":{},\"available_now\":{},\"lowest_available\":{},\
         \"min_ready_instances\":{},\"below_min_ready\":{},\"floor\":",
        plan.revision.0,
        plan.count.get(),
        plan.available_now,
        plan.lowest_available,
        plan.min_ready_instances,
        plan.below_min_ready,
    );
    match plan.floor {
        Some(floor) => push(&mut json, &floor.to_string()),
        None => push(&mut json, "null"),
    }
    push(&mut json, ",\"steps\":[");
    for (number, step) in plan.steps.iter().enumerate() {
        push(&mut json, if number == 0 { "\n" } else { ",\n" });
        write_step(&mut json, step);
    }
    push(&mut json, "],\"notices\":[");
    for (number, notice) in plan.notices.iter().enumerate() {
        push(&mut json, if number == 0 { "\n" } else { ",\n" });
        push(&mut json, "{\"code\":");
        write_text(&mut json, notice.code());
        push(&mut json, ",\"text\":");
        write_text(&mut json, &notice.to_string());
        push(&mut json, "}");
    }
    push(&mut json, "]}");
    json
}

fn push(json: &mut String, text: &str) {
    json.push_str(text);
}

fn write_step(json: &mut String, step: &Step) {
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        json,
        "{{\"action\":\"{}\",\"instance\":{},\"revision\":{},\"available_after\":{}}}",
        step.action, step.id, step.revision.0, step.available_after
    );
}

/// A string as JSON has it.
fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
