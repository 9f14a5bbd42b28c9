/* Write the card of a village or facility, and show which belong together. All text arrives escaped. */
(function () {
  "use strict";
  var clinicplan = (window.clinicplan = window.clinicplan || {});

  function row(label, value) {
    return value ? "<tr><th>" + label + "</th><td>" + value + "</td></tr>" : "";
  }

  function head(about) {
    var second = [about.town, about.id].filter(Boolean).join(" · ");
    var tags = (about.tags || []).map(function (tag) { return '<span class="cp-tag">' + tag + "</span>"; }).join("");
    return '<div class="cp-card-head"><b>' + about.name + "</b>" + tags + "<small>" + second + "</small></div>";
  }

  function modes(about, words) {
    var cells = (about.modes || []).map(function (minutes, index) {
      var now = index === words.mode ? ' class="cp-now"' : "";
      return "<li" + now + "><small>" + words.modes[index] + "</small>" + (minutes || "—") + "</li>";
    });
    return cells.length ? '<ul class="cp-modes">' + cells.join("") + "</ul>" : "";
  }

  function villageCard(about, words) {
    var verdict = { in: words.inside, out: words.outside, pending: words.pending }[about.verdict];
    var time = about.minutes
      ? '<div class="cp-time"><strong>' + about.minutes + "</strong> " + words.minutes + "</div>"
      : "";
    return head(about) +
      '<div class="cp-verdict cp-' + about.verdict + '">' + verdict + (about.reason ? " · " + about.reason : "") + "</div>" +
      time + modes(about, words) + "<table>" +
      row(words.facility, about.facility) + row(words.route, about.km) + row(words.way, about.way) +
      row(words.access, about.access) + row(words.people, about.people) +
      (about.more || []).map(function (pair) { return row(pair[0], pair[1]); }).join("") + "</table>";
  }

  function facilityCard(about, words) {
    return head(about) + '<div class="cp-verdict cp-facility">' + about.tier + "</div><table>" +
      row(words.state, about.state) + row(words.villagesServed, about.villages) +
      row(words.peopleServed, about.people) + "</table>";
  }

  clinicplan.card = function (about) {
    var text = about.type === "facility" ? facilityCard(about, clinicplan.words) : villageCard(about, clinicplan.words);
    return '<div class="cp-card">' + text + "</div>";
  };

  /* While a card is open, mark its point and draw lines to what it serves or is served by. */
  clinicplan.followCards = function (map, markers) {
    var shown = L.layerGroup().addTo(map);
    var facilities = {}, served = {};
    markers.forEach(function (marker) {
      if (marker.about.type === "facility") {
        facilities[marker.about.id] = marker;
      } else if (marker.about.fid) {
        (served[marker.about.fid] = served[marker.about.fid] || []).push(marker);
      }
    });
    function partners(marker) {
      if (marker.about.type === "facility") {
        return served[marker.about.id] || [];
      }
      var facility = facilities[marker.about.fid];
      return facility ? [facility] : [];
    }
    map.on("popupopen", function (event) {
      var marker = event.popup._source;
      shown.clearLayers();
      if (!marker || !marker.about) {
        return;
      }
      partners(marker).forEach(function (partner) {
        shown.addLayer(L.polyline([marker.getLatLng(), partner.getLatLng()],
          clinicplan.path("links", { color: "VAR_INK", weight: 1.4, dashArray: "5 4", opacity: 0.8 })));
      });
      shown.addLayer(L.circleMarker(marker.getLatLng(),
        clinicplan.path("links", { radius: 15, color: "VAR_INK", weight: 2, fillColor: "VAR_PAPER", fillOpacity: 0.55 })));
    });
    map.on("popupclose", function () { shown.clearLayers(); });
  };
})();
