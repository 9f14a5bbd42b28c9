/* The page's own controls: grouped layers, legend, scale, whole county, print view; and the start of it all. */
(function () {
  "use strict";
  var clinicplan = (window.clinicplan = window.clinicplan || {});

  var ROOMY_PX = 480;

  function grouped(items) {
    var groups = [];
    items.forEach(function (item) {
      var last = groups[groups.length - 1];
      if (!last || last.name !== item.about.group) {
        groups.push(last = { name: item.about.group, items: [] });
      }
      last.items.push(item);
    });
    return groups;
  }

  function box(position, className, html) {
    var control = L.control({ position: position });
    control.onAdd = function () {
      var element = L.DomUtil.create("div", "cp-box " + className);
      element.innerHTML = html;
      L.DomEvent.disableClickPropagation(element);
      L.DomEvent.disableScrollPropagation(element);
      return element;
    };
    return control;
  }

  function folding(title, open) {
    return "<details" + (open ? " open" : "") + "><summary>" + title + '</summary><div class="cp-body"></div></details>';
  }

  function layerLines(items) {
    return grouped(items).map(function (group) {
      return "<h3>" + group.name + "</h3>" + group.items.map(function (item) {
        var number = item.about.number === undefined ? "" : "<small>" + item.about.number + "</small>";
        return '<label><input type="checkbox" data-key="' + item.about.key + '"><span>' + item.about.name + "</span>" + number + "</label>";
      }).join("");
    }).join("");
  }

  function legendLines(items) {
    return grouped(items).map(function (group) {
      var entries = [];
      group.items.forEach(function (item) { entries = entries.concat(item.about.entries); });
      var seen = {};
      entries = entries.filter(function (entry) { return !seen[entry.name] && (seen[entry.name] = true); });
      return entries.length ? "<h3>" + group.name + "</h3>" + entries.map(function (entry) {
        return "<div>" + entry.swatch + "<span>" + entry.name + "</span></div>";
      }).join("") : "";
    }).join("");
  }

  function buttons(map, words, home) {
    var control = box("topleft", "cp-buttons leaflet-bar",
      '<a href="#" id="cp-home" role="button" title="' + words.wholeCounty + '">' +
      '<svg viewBox="0 0 20 20"><path d="M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5"/></svg></a>' +
      '<a href="#" id="cp-print" role="button" title="' + words.print + '">' +
      '<svg viewBox="0 0 20 20"><path d="M6 7V3h8v4M6 14H3V7h14v7h-3M6 12h8v5H6z"/></svg></a>').addTo(map);
    var element = control.getContainer();
    element.addEventListener("click", function (event) {
      var pressed = event.target.closest("a");
      if (!pressed) { return; }
      event.preventDefault();
      if (pressed.id === "cp-home") {
        home();
      } else {
        clinicplan.printView(map, true);
        window.print();
      }
    });
  }

  /* Arrange the page as one landscape sheet: the whole county, or the part of it that was on screen. */
  clinicplan.printView = function (map, on) {
    var body = document.body;
    if (body.classList.contains("cp-print") === on) { return; }
    var seen = map.getBounds();
    body.classList.toggle("cp-print", on);
    Array.prototype.forEach.call(document.querySelectorAll("#cp-statements, .cp-legend details"), function (element) {
      if (on) {
        element.dataset.open = element.open ? "yes" : "";
        element.open = true;
      } else {
        element.open = element.dataset.open === "yes";
      }
    });
    map.invalidateSize({ animate: false, pan: false });
    if (seen.contains(clinicplan.bounds)) {
      clinicplan.home();
    } else {
      map.fitBounds(seen, { animate: false });
    }
  };

  function foldPanel(map) {
    document.getElementById("cp-fold").addEventListener("click", function () {
      document.body.classList.toggle("cp-folded");
      map.invalidateSize({ animate: false });
    });
  }

  clinicplan.finish = function (map, items, settings) {
    var words = (clinicplan.words = settings.words);
    var markers = [];
    items.forEach(function (item) { markers = markers.concat(item.layer.markers || []); });

    var control = box("topright", "cp-layers", folding(words.layers, false)).addTo(map);
    var legend = box("bottomleft", "cp-legend", folding(words.legend, true)).addTo(map);

    /* The whole county beside the legend where the map is wide enough, else behind it. */
    function home() {
      var beside = legend.getContainer().offsetWidth + 20;
      var left = map.getSize().x - beside > ROOMY_PX ? beside : 16;
      map.fitBounds(settings.bounds, { animate: false, paddingTopLeft: [left, 16], paddingBottomRight: [16, 24] });
    }

    var checks = control.getContainer().querySelector(".cp-body");
    checks.innerHTML = layerLines(items);

    /* Symbols share one canvas: what is switched on last would cover the rest, so put them back in order.
       Items stand in the order of reading, the uppermost first. */
    function refresh() {
      items.slice().reverse().forEach(function (item) {
        var on = map.hasLayer(item.layer);
        checks.querySelector('[data-key="' + item.about.key + '"]').checked = on;
        if (on && item.layer.markers) {
          item.layer.bringToFront();
        }
      });
      legend.getContainer().querySelector(".cp-body").innerHTML = legendLines(items.filter(function (item) {
        return map.hasLayer(item.layer);
      }));
    }

    checks.addEventListener("change", function (event) {
      var item = items.filter(function (candidate) { return candidate.about.key === event.target.dataset.key; })[0];
      map[event.target.checked ? "addLayer" : "removeLayer"](item.layer);
      refresh();
    });

    clinicplan.bounds = settings.bounds;
    clinicplan.home = home;
    buttons(map, words, home);
    box("topright", "cp-north", '<svg viewBox="0 0 22 44"><path d="M11 14L19 42 11 36 3 42z" fill="VAR_INK"/>' +
      '<text x="11" y="11" text-anchor="middle" font-size="12">' + words.north + "</text></svg>").addTo(map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 140 }).addTo(map);
    clinicplan.followCards(map, markers);
    clinicplan.startSearch(map, items.map(function (item) { return item.layer; }), settings.pending, function (layer) {
      if (!map.hasLayer(layer)) {
        map.addLayer(layer);
        refresh();
      }
    });
    foldPanel(map);
    window.addEventListener("beforeprint", function () { clinicplan.printView(map, true); });
    window.addEventListener("afterprint", function () { clinicplan.printView(map, false); });
    map.invalidateSize({ animate: false });
    refresh();
    home();
    clinicplan.map = map;
    clinicplan.items = items;
  };
})();
