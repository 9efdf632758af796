
"use strict";
// Foreign text is only ever set as text, never as markup.
(function () {
  var overview = document.getElementById("overview");
  var view = document.getElementById("file");
  var search = document.getElementById("search");
  var onlyChanged = document.getElementById("only-changed");
  var found = document.getElementById("found");
  var table = document.getElementById("files");
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var names = rows.map(function (row) { return row.cells[0].textContent.toLowerCase(); });
  var title = document.title;
  // More rows are not laid out at once; `ROWS` of the page's writer is the same number.
  var MOST = 1000;
  var shown = "";

  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (row, at) {
      var fits = words.every(function (word) { return names[at].indexOf(word) >= 0; });
      if (onlyChanged.checked && Number(row.dataset.changed) < 0) { fits = false; }
      if (fits) { count += 1; }
      row.hidden = !fits || count > MOST;
    });
    found.textContent = (count === 1 ? "1 file" : count + " files") +
      (count > MOST ? ", the first " + MOST + " shown" : "");
  }

  function sort(button) {
    var head = button.parentNode;
    var key = button.dataset.key;
    var down = head.getAttribute("aria-sort") === "ascending";
    if (!head.hasAttribute("aria-sort")) { down = key === "missed" || key === "total" || key === "changed"; }
    Array.prototype.forEach.call(head.parentNode.cells, function (cell) { cell.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var order = rows.map(function (row, at) {
      return { row: row, name: names[at], value: key === "path" ? 0 : Number(row.dataset[key]) };
    });
    order.sort(function (a, b) {
      var by = a.value - b.value;
      if (by === 0) { by = a.name < b.name ? -1 : a.name > b.name ? 1 : 0; }
      return down ? -by : by;
    });
    var all = document.createDocumentFragment();
    order.forEach(function (one) { all.appendChild(one.row); });
    rows = order.map(function (one) { return one.row; });
    names = order.map(function (one) { return one.name; });
    filter();
    body.appendChild(all);
  }

  function make(tag, className, text) {
    var element = document.createElement(tag);
    if (className) { element.className = className; }
    if (text !== undefined) { element.textContent = text; }
    return element;
  }

  // Marks that turn or hide text are made visible: the text that is read is the text that runs.
  function code(text) {
    var cell = make("td", "code");
    text.split(/([\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff])/).forEach(function (part, at) {
      if (at % 2 === 1) {
        cell.appendChild(make("span", "control", "<U+" + part.charCodeAt(0).toString(16).toUpperCase() + ">"));
      } else if (part) {
        cell.appendChild(document.createTextNode(part));
      }
    });
    return cell;
  }

  function line(id, number, text, known) {
    var row = make("tr", known.className);
    row.id = id + "-L" + number;
    var cell = make("td", "number");
    var link = make("a", "", String(number));
    link.href = "#" + row.id;
    link.tabIndex = -1;
    cell.appendChild(link);
    row.appendChild(cell);
    row.appendChild(make("td", "hits", known.hits));
    var mark = make("td", "mark", known.mark);
    if (known.title) { mark.title = known.title; }
    row.appendChild(mark);
    row.appendChild(code(text));
    return row;
  }

  function lookUp(data) {
    var all = new Map();
    var branches = new Map();
    data.branches.forEach(function (one) { branches.set(one[0], one[1] + " of " + one[2] + " branches taken"); });
    data.lines.forEach(function (one) {
      var state = ["missed", "covered", "partial"][one[1]];
      all.set(one[0], {
        state: state, hits: one[2] === null ? "" : one[2] + "\u00d7", mark: ["\u2717", "\u2713", "\u25d0"][one[1]],
        title: state + (branches.has(one[0]) ? ", " + branches.get(one[0]) : "")
      });
    });
    var at = 0;
    return function (number) {
      while (at < data.changed.length && data.changed[at][1] < number) { at += 1; }
      var changed = at < data.changed.length && data.changed[at][0] <= number;
      var known = all.get(number) || { state: "", hits: "", mark: "", title: "" };
      var className = known.state + (changed ? " changed" : "");
      return { className: className, hits: known.hits, mark: known.mark, title: known.title + (changed ? ", changed" : "") };
    };
  }

  function show(id) {
    var block = document.getElementById(id);
    var row = rows.filter(function (one) { return one.querySelector("a").hash === "#" + id; })[0];
    if (!row) { return false; }
    view.textContent = "";
    var bar = make("p", "bar");
    var back = make("a", "", "\u2190 all files");
    back.href = "#";
    bar.appendChild(back);
    view.appendChild(bar);
    var name = row.cells[0].textContent;
    view.appendChild(make("h1", "", name));
    view.appendChild(make("p", "soft", row.cells[1].textContent.trim() + ", " + row.cells[2].textContent + " of " +
      row.cells[3].textContent + " not covered"));
    document.title = name + " - " + title;
    if (!block) {
      view.appendChild(make("p", "", "The reports have no lines of this file."));
      return true;
    }
    var data = JSON.parse(block.textContent);
    var known = lookUp(data);
    var source = make("table", "source");
    var lines = make("tbody");
    if (data.source === null) {
      view.appendChild(make("p", "soft", "The text of this file could not be read; these are its lines."));
      data.lines.forEach(function (one) { lines.appendChild(line(id, one[0], "", known(one[0]))); });
    } else {
      var texts = data.source.split("\n");
      if (texts[texts.length - 1] === "") { texts.pop(); }
      texts.forEach(function (text, at) { lines.appendChild(line(id, at + 1, text.replace(/\r$/, ""), known(at + 1))); });
    }
    source.appendChild(lines);
    view.appendChild(source);
    return true;
  }

  function mark(row) {
    Array.prototype.forEach.call(view.querySelectorAll(".here"), function (one) { one.classList.remove("here"); });
    if (row) {
      row.classList.add("here");
      row.scrollIntoView({ block: "center" });
    }
  }

  function route() {
    var match = /^#(f\d+)(-L\d+)?$/.exec(location.hash);
    var id = match ? match[1] : "";
    if (id && id !== shown && !show(id)) { id = ""; }
    overview.hidden = id !== "";
    view.hidden = id === "";
    if (id === "") {
      document.title = title;
      view.textContent = "";
      var last = shown && overview.querySelector("a[href='#" + shown + "']");
      if (last) { last.focus(); }
    } else if (match[2]) {
      mark(document.getElementById(id + match[2]));
    } else {
      window.scrollTo(0, 0);
      view.focus();
    }
    shown = id;
  }

  // The next or last uncovered line that follows one which is not.
  function step(down) {
    var all = Array.prototype.filter.call(view.querySelectorAll("tr.missed, tr.partial"), function (row) {
      var above = row.previousElementSibling;
      return !above || above.className.indexOf(row.classList[0]) !== 0;
    });
    if (all.length === 0) { return; }
    var here = view.querySelector(".here");
    var next = all.filter(function (row) {
      if (!here) { return true; }
      var after = (here.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
      return row !== here && after === down;
    });
    mark(next.length === 0 ? (down ? all[0] : all[all.length - 1]) : (down ? next[0] : next[next.length - 1]));
  }

  search.addEventListener("input", filter);
  onlyChanged.addEventListener("change", filter);
  Array.prototype.forEach.call(table.querySelectorAll("th button"), function (button) {
    button.addEventListener("click", function () { sort(button); });
  });
  window.addEventListener("hashchange", route);
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.key === "Escape") {
      if (document.activeElement === search) { search.value = ""; filter(); search.blur(); } else if (shown) { location.hash = "#"; }
      return;
    }
    if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) { return; }
    if (event.key === "/" && !shown) { event.preventDefault(); search.focus(); }
    if ((event.key === "j" || event.key === "k") && shown) { step(event.key === "j"); }
  });
  filter();
  route();
}());
