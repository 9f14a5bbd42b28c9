/* Draw point symbols on Leaflet's canvas. Written for Chromium 69 and newer: offices keep old browsers.
   Names VAR_… are replaced by the values of report/style.py. */
(function () {
  "use strict";
  var clinicplan = (window.clinicplan = window.clinicplan || {});

  var RING_GAP_PX = VAR_RINGGAP;
  var LABEL_ROOM_PX = 90;
  var LABEL_FONT = "12px VAR_FONTS";

  function trace(context, symbol, x, y, radius) {
    var corners = symbol.corners;
    context.beginPath();
    if (!corners.length) {
      context.arc(x, y, radius, 0, 2 * Math.PI);
      return;
    }
    corners.forEach(function (corner, index) {
      context[index ? "lineTo" : "moveTo"](x + corner[0] * radius, y - corner[1] * radius);
    });
    context.closePath();
  }

  function drawRings(context, symbol, x, y) {
    for (var ring = 1; ring <= symbol.rings; ring += 1) {
      context.beginPath();
      context.arc(x, y, symbol.reach + RING_GAP_PX * ring, 0, 2 * Math.PI);
      context.lineWidth = 3.2;
      context.strokeStyle = "rgba(255,255,255,0.85)";
      context.stroke();
      context.lineWidth = 1.3;
      context.strokeStyle = symbol.ink;
      context.stroke();
    }
  }

  function drawLabel(context, text, x, y) {
    context.font = LABEL_FONT;
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = "rgba(255,255,255,0.9)";
    context.strokeText(text, x, y);
    context.fillStyle = "VAR_INK";
    context.fillText(text, x, y);
  }

  function draw(renderer, marker) {
    if (!renderer._drawing || marker._empty()) {
      return;
    }
    var context = renderer._ctx, symbol = marker.options.symbol, x = marker._point.x, y = marker._point.y;
    context.save();
    drawRings(context, symbol, x, y);
    trace(context, symbol, x, y, symbol.radius);
    context.fillStyle = symbol.fill;
    context.fill();
    context.lineWidth = symbol.width;
    context.strokeStyle = symbol.line;
    context.stroke();
    if (marker._labelled()) {
      drawLabel(context, marker.options.label, x + marker._radius + 4, y);
    }
    context.restore();
  }

  /* A marker that the canvas draws as one of the shapes of the legend, with its name beside it when zoomed in. */
  clinicplan.PointSymbol = L.CircleMarker.extend({
    options: { symbol: null, label: "", labelZoom: 99 },
    _labelled: function () {
      return this.options.label && this._map && this._map.getZoom() >= this.options.labelZoom;
    },
    _updateBounds: function () {
      L.CircleMarker.prototype._updateBounds.call(this);
      if (this._labelled()) {
        this._pxBounds.extend(this._point.add([LABEL_ROOM_PX, 0]));
      }
    },
    _updatePath: function () {
      draw(this._renderer, this);
    }
  });

  clinicplan.symbolRadius = function (symbol) {
    return symbol.reach + RING_GAP_PX * symbol.rings;
  };
})();
