//! A prompt on a terminal.

use std::path::Path;

use floe_engine::{Engine, sql};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::args::{Format, Global};
use crate::report::Source;
use crate::run;

/// Name of the history file inside the data directory.
const HISTORY: &str = "history";

/// Reads statements until the end of input; answers the exit code.
pub(crate) async fn run(global: &Global, format: Format, engine: &Engine) -> u8 {
    let session = engine.session();
    let history = global.data_dir.join(HISTORY);
    let mut editor = match open(&history) {
        Ok(editor) => editor,
        Err(error) => {
            eprintln!("error: the prompt could not be opened: {error}");
            return 1;
        }
    };
    eprintln!(
        "floe {}: end statements with `;`, leave with Ctrl-D",
        env!("CARGO_PKG_VERSION")
    );
    loop {
        // Reading blocks, so it must not hold a thread of the async runtime.
        let read = tokio::task::spawn_blocking(move || {
            let statement = read_statement(&mut editor);
            (editor, statement)
        });
        let Ok((back, statement)) = read.await else {
            return 1;
        };
        editor = back;
        match statement {
            Ok(text) => {
                let _ = editor.add_history_entry(text.trim());
                let _ = editor.append_history(&history);
                let Some(statements) = run::parse(&text, "prompt") else {
                    continue;
                };
                for statement in &statements {
                    let source = Source {
                        name: "prompt",
                        text: &text,
                    };
                    if !run::execute(format, &session, statement, source).await {
                        break;
                    }
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return 0,
            Err(error) => {
                eprintln!("error: {error}");
                return 1;
            }
        }
    }
}

fn open(history: &Path) -> rustyline::Result<DefaultEditor> {
    let mut editor = DefaultEditor::new()?;
    // There is none the first time.
    let _ = editor.load_history(history);
    Ok(editor)
}

/// Reads lines until they make whole statements.
fn read_statement(editor: &mut DefaultEditor) -> rustyline::Result<String> {
    let mut text = editor.readline("floe> ")?;
    loop {
        let trimmed = text.trim();
        if trimmed.is_empty() || (trimmed.ends_with(';') && !sql::incomplete(&text)) {
            return Ok(text);
        }
        text.push('\n');
        text.push_str(&editor.readline("   -> ")?);
    }
}
