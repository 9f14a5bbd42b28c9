/* Find villages and facilities by name or code. */
(function () {
  "use strict";
  var clinicplan = (window.clinicplan = window.clinicplan || {});

  var MOST_RESULTS = 12;
  var CLOSE_ZOOM = 13.5;

  function folded(text) {
    return text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
  }

  function entry(about, marker, layer) {
    return {
      about: about, marker: marker, layer: layer,
      name: folded(clinicplan.plain(about.name)), id: folded(clinicplan.plain(about.id))
    };
  }

  function rank(item, asked) {
    if (item.id === asked || item.name === asked) { return 0; }
    if (item.name.indexOf(asked) === 0) { return 1; }
    if (item.name.indexOf(asked) > 0) { return 2; }
    return item.id.indexOf(asked) >= 0 ? 3 : -1;
  }

  function found(items, text) {
    var asked = folded(text);
    if (!asked) { return []; }
    return items
      .map(function (item, index) { return { item: item, rank: rank(item, asked), index: index }; })
      .filter(function (hit) { return hit.rank >= 0; })
      .sort(function (one, other) { return one.rank - other.rank || one.index - other.index; })
      .map(function (hit) { return hit.item; });
  }

  clinicplan.startSearch = function (map, layers, pending, show) {
    var field = document.getElementById("cp-search-field"), list = document.getElementById("cp-results");
    var items = [], hits = [], chosen = -1;
    layers.forEach(function (layer) {
      (layer.markers || []).forEach(function (marker) { items.push(entry(marker.about, marker, layer)); });
    });
    pending.forEach(function (about) { items.push(entry(about, null, null)); });

    function open(item) {
      if (!item.marker) {
        document.getElementById("cp-pending").open = true;
        return;
      }
      show(item.layer);
      map.setView(item.marker.getLatLng(), Math.max(map.getZoom(), CLOSE_ZOOM), { animate: false });
      item.marker.openPopup();
    }

    function paint() {
      var words = clinicplan.words;
      list.innerHTML = hits.slice(0, MOST_RESULTS).map(function (item, index) {
        var kind = item.about.type === "facility" ? item.about.tier : item.marker ? words.village : words.pending;
        var second = [kind, item.about.town, item.about.id].filter(Boolean).join(" · ");
        return '<li role="option" data-index="' + index + '"' + (index === chosen ? ' class="cp-chosen"' : "") + "><b>" +
          item.about.name + "</b><small>" + second + "</small></li>";
      }).join("");
      if (field.value.trim() && !hits.length) {
        list.innerHTML = '<li class="cp-none">' + words.nothingFound + "</li>";
      } else if (hits.length > MOST_RESULTS) {
        list.innerHTML += '<li class="cp-none">' + words.moreFound.replace("%", hits.length - MOST_RESULTS) + "</li>";
      }
    }

    function close() {
      hits = [];
      chosen = -1;
      list.innerHTML = "";
    }

    field.addEventListener("input", function () {
      hits = found(items, field.value);
      chosen = hits.length ? 0 : -1;
      paint();
    });
    field.addEventListener("keydown", function (event) {
      var shown = Math.min(hits.length, MOST_RESULTS);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        chosen = shown ? (chosen + (event.key === "ArrowDown" ? 1 : shown - 1)) % shown : -1;
        event.preventDefault();
        paint();
      } else if (event.key === "Enter" && chosen >= 0) {
        open(hits[chosen]);
        close();
      } else if (event.key === "Escape") {
        close();
      }
    });
    list.addEventListener("click", function (event) {
      var line = event.target.closest("li[data-index]");
      if (line) {
        open(hits[Number(line.dataset.index)]);
        close();
      }
    });
  };
})();
