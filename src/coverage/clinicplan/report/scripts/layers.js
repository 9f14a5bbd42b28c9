/* Make the layers of the map from packed geometry and rows. */
(function () {
  "use strict";
  var clinicplan = (window.clinicplan = window.clinicplan || {});

  var UNITS_PER_DEGREE = 100000;
  var PANES = { areas: 310, water: 320, roads: 330, borders: 340, labels: 350, links: 360 };
  var canvases = {};

  /* Panes below the symbols: what they hold is never clicked, and each keeps its place when switched off and on. */
  clinicplan.prepare = function (map) {
    Object.keys(PANES).forEach(function (name) {
      var pane = map.createPane(name);
      pane.style.zIndex = PANES[name];
      pane.style.pointerEvents = "none";
      canvases[name] = L.canvas({ pane: name, padding: 0.2 });
    });
    if (map.attributionControl) {
      map.attributionControl.setPrefix("Leaflet");
    }
  };

  clinicplan.path = function (pane, options) {
    return Object.assign({ pane: pane, renderer: canvases[pane], interactive: false }, options);
  };

  /* The text behind the numeric entities that all text arrives in. */
  var box = document.createElement("textarea");
  clinicplan.plain = function (escaped) {
    box.innerHTML = escaped || "";
    return box.value;
  };

  /* Packed geometry: nested lists, the innermost first point and differences, latitude first. */
  function unpack(part) {
    if (typeof part[0] !== "number") {
      return part.map(unpack);
    }
    var points = [], latitude = 0, longitude = 0;
    for (var at = 0; at < part.length; at += 2) {
      latitude += part[at];
      longitude += part[at + 1];
      points.push([latitude / UNITS_PER_DEGREE, longitude / UNITS_PER_DEGREE]);
    }
    return points;
  }

  clinicplan.areas = function (parts, options) {
    return L.polygon(unpack(parts), clinicplan.path(options.pane, {
      stroke: options.width > 0, color: options.line, weight: options.width, dashArray: options.dash,
      fill: !!options.fill, fillColor: options.fill, fillOpacity: options.opacity, smoothFactor: 0.8
    }));
  };

  clinicplan.lines = function (parts, options) {
    return L.polyline(unpack(parts), clinicplan.path(options.pane, {
      color: options.line, weight: options.width, opacity: options.opacity, dashArray: options.dash, smoothFactor: 1.2
    }));
  };

  /* Lakes and wide rivers as areas, streams as lines, switched together. */
  clinicplan.waters = function (parts, options) {
    return L.layerGroup([
      clinicplan.areas(parts.areas, Object.assign({}, options, { width: 0 })), clinicplan.lines(parts.lines, options)
    ]);
  };

  clinicplan.labels = function (rows) {
    return L.layerGroup(rows.map(function (row) {
      var icon = L.divIcon({ className: "cp-place", html: "<span>" + row[2] + "</span>", iconSize: null });
      return L.marker([row[0], row[1]], { icon: icon, pane: "labels", interactive: false, keyboard: false });
    }));
  };

  clinicplan.points = function (collection, options) {
    var layer = L.geoJSON(collection, {
      pointToLayer: function (feature, position) {
        var symbol = options.symbols[feature.properties.symbol];
        var marker = new clinicplan.PointSymbol(position, {
          symbol: symbol, radius: clinicplan.symbolRadius(symbol),
          label: clinicplan.plain(feature.properties.name), labelZoom: options.labelZoom
        });
        marker.about = feature.properties;
        return marker;
      },
      style: function () { return {}; }
    });
    layer.eachLayer(function (marker) {
      marker.bindPopup(function () { return clinicplan.card(marker.about); }, {
        minWidth: 230, maxWidth: 300, className: "cp-popup", autoPanPadding: [24, 24]
      });
      marker.bindTooltip(marker.about.name, { className: "cp-tip", direction: "top", offset: [0, -6] });
    });
    layer.markers = layer.getLayers();
    return layer;
  };
})();
