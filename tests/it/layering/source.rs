//! One source file as the rules see it: its module, the paths it names, its functions, traits and macros. What stands
//! under `#[cfg(test)]` does not count.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A name or path with its line.
pub struct At<T> {
    pub what: T,
    pub line: usize,
}

/// A function: its name and how many lines it has.
pub struct Function {
    pub name: String,
    pub lines: usize,
}

/// One file.
#[derive(Default)]
pub struct Source {
    pub file: String,
    pub module: Vec<String>,
    pub paths: Vec<At<Vec<String>>>,
    pub functions: Vec<At<Function>>,
    pub asyncs: Vec<At<()>>,
    pub macros: Vec<At<String>>,
    pub traits: Vec<At<String>>,
    pub impls: Vec<String>,
    pub lines: usize,
    inner: Vec<String>,
    test_lines: usize,
}

/// Reads a file; `file` is its path below `src/`.
pub fn read(file: &str, text: &str) -> Source {
    let tree = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let module = match file.trim_end_matches(".rs").trim_end_matches("/mod") {
        "lib" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    };
    let mut source = Source { file: file.to_owned(), module, ..Source::default() };
    source.visit_file(&tree);
    source.lines = text.lines().count() - source.test_lines;
    source
}

fn line(node: &impl Spanned) -> usize {
    node.span().start().line
}

fn height(node: &impl Spanned) -> usize {
    node.span().end().line - line(node) + 1
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl Source {
    /// A path with `crate`, `self` and `super` resolved; other paths as they stand.
    fn push(&mut self, path: Vec<String>, line: usize) {
        let mut here: Vec<String> = self.module.iter().chain(&self.inner).cloned().collect();
        let mut rest = path.as_slice();
        let resolved = match rest.first().map(String::as_str) {
            Some("crate" | "mta_actions") => [&["crate".to_owned()], &rest[1..]].concat(),
            Some("self" | "super") => {
                while let Some("self" | "super") = rest.first().map(String::as_str) {
                    if rest[0] == "super" {
                        here.pop();
                    }
                    rest = &rest[1..];
                }
                [&["crate".to_owned()], here.as_slice(), rest].concat()
            }
            _ => path,
        };
        self.paths.push(At { what: resolved, line });
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(&path.tree, prefix);
                prefix.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, prefix));
            }
            syn::UseTree::Name(name) => self.leaf(prefix, &name.ident),
            syn::UseTree::Rename(rename) => self.leaf(prefix, &rename.ident),
            syn::UseTree::Glob(glob) => self.push(prefix.clone(), line(glob)),
        }
    }

    fn leaf(&mut self, prefix: &[String], name: &syn::Ident) {
        let mut path = prefix.to_vec();
        if name != "self" || path.is_empty() {
            path.push(name.to_string());
        }
        self.push(path, line(name));
    }

    fn function(&mut self, signature: &syn::Signature, whole: &impl Spanned) {
        let name = signature.ident.to_string();
        let lines = whole.span().end().line - line(signature) + 1;
        self.functions.push(At { what: Function { name, lines }, line: line(signature) });
        if signature.asyncness.is_some() {
            self.asyncs.push(At { what: (), line: line(signature) });
        }
    }

    /// Paths inside a macro's tokens, which are not parsed as expressions.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut start = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.finish(&mut path, start);
                        start = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.finish(&mut path, start);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.finish(&mut path, start);
    }

    fn finish(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.push(path, line);
        }
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if is_test(attributes) {
            self.test_lines += height(item);
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.inner.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.inner.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.push(names, line(path));
        }
        visit::visit_path(self, path);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, item);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig, item);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.asyncs.push(At { what: (), line: line(block) });
        visit::visit_expr_async(self, block);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map(|segment| segment.ident.to_string());
        self.macros.push(At { what: name.unwrap_or_default(), line: line(call) });
        self.tokens(call.tokens.clone());
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.traits.push(At { what: item.ident.to_string(), line: line(item) });
        visit::visit_item_trait(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some((path, _)) = &item.trait_ {
            self.impls.extend(path.segments.last().map(|segment| segment.ident.to_string()));
        }
        visit::visit_item_impl(self, item);
    }
}
