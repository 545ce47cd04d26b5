/* Shapes and names of a map, worked out from GeoJSON: the outline of a place, where a name goes, which names fit.
 *
 * Pure functions without a map, kept in `window.evenreachShapes` for map.js.
 */
(function () {
  'use strict';

  /* Figures with the boundaries of their neighbourhoods: GeoJSON. */
  function outlined(data, outlines) {
    var found = unpack(outlines);
    data.features.forEach(function (feature) { feature.geometry = feature.geometry || found[feature.id] || null; });
    return data;
  }

  /* Boundaries by code, of lines that neighbours share; `service/building/outlines.py` says how they are written. */
  function unpack(outlines) {
    var found = {}, code = '', used = 0, x = 0, y = 0;
    var lines = outlines.lines.split(' ').map(function (text) {
      var steps = stepsIn(text), line = [];
      for (var i = 0; i < steps.length; i += 2) {
        x += steps[i];
        y += steps[i + 1];
        line.push([x * outlines.step[0], y * outlines.step[1]]);
      }
      return line;
    });
    function ring(numbers) {
      return numbers.reduce(function (points, back) {
        var line = back ? lines[used - back].slice().reverse() : lines[used];
        if (!back) { used += 1; }
        return points.concat(points.length ? line.slice(1) : line);
      }, []);
    }
    outlines.codes.split(' ').forEach(function (end, place) {
      code = code.slice(0, code.length - end.length) + end;
      var polygons = outlines.areas[place].map(function (rings) { return rings.map(ring); });
      found[code] = { type: 'MultiPolygon', coordinates: polygons };
    });
    return found;
  }

  /* Whole numbers of five bits to a sign, the lowest first; the lowest bit of a number is its own sign. */
  function stepsIn(text) {
    var steps = [], value = 0, shift = 0;
    for (var i = 0; i < text.length; i += 1) {
      var part = text.charCodeAt(i) - 63;
      value += (part & 31) << shift;
      shift += 5;
      if (part < 32) {
        steps.push(value & 1 ? ~(value >> 1) : value >> 1);
        value = shift = 0;
      }
    }
    return steps;
  }

  /* The outline of a place, as lines of [latitude, longitude]: the edges that only one neighbourhood has.
   * Neighbours share their corner points. */
  function outline(features) {
    var seen = new Map();
    eachRing(features, function (ring) {
      for (var i = 1; i < ring.length; i += 1) {
        var a = ring[i - 1], b = ring[i];
        var forward = a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
        var key = forward ? a[0] + ' ' + a[1] + ' ' + b[0] + ' ' + b[1] : b[0] + ' ' + b[1] + ' ' + a[0] + ' ' + a[1];
        if (seen.has(key)) { seen.set(key, null); } else { seen.set(key, [[a[1], a[0]], [b[1], b[0]]]); }
      }
    });
    return chain(Array.from(seen.values()).filter(Boolean));
  }

  /* Join edges that follow each other in one ring into longer lines: fewer, smoother strokes. */
  function chain(edges) {
    var lines = [], line = null;
    edges.forEach(function (edge) {
      var end = line && line[line.length - 1];
      if (end && end[0] === edge[0][0] && end[1] === edge[0][1]) { line.push(edge[1]); return; }
      line = edge.slice();
      lines.push(line);
    });
    return lines;
  }

  function eachRing(features, visit) {
    features.forEach(function (feature) {
      var shape = feature.geometry;
      if (!shape) { return; }
      (shape.type === 'Polygon' ? [shape.coordinates] : shape.coordinates).forEach(function (rings) {
        rings.forEach(visit);
      });
    });
  }

  /* The names in a column, each with where its areas lie and how large they are, the largest first. */
  function namesBy(features, column) {
    var groups = new Map();
    features.forEach(function (feature) {
      var name = feature.properties[column];
      if (!name || !feature.geometry) { return; }
      if (!groups.has(name)) { groups.set(name, { name: name, size: 0, x: 0, y: 0 }); }
      var group = groups.get(name), middle = centre(feature.geometry);
      group.size += middle[2];
      group.x += middle[0] * middle[2];
      group.y += middle[1] * middle[2];
    });
    return Array.from(groups.values()).map(function (group) {
      return { name: group.name, size: group.size, at: [group.y / group.size, group.x / group.size] };
    }).sort(function (a, b) { return b.size - a.size; });
  }

  /* Centre of gravity of the largest part, with its area in square degrees: enough to place a name. */
  function centre(shape) {
    var best = [0, 0, 0];
    (shape.type === 'Polygon' ? [shape.coordinates] : shape.coordinates).forEach(function (rings) {
      var ring = rings[0], area = 0, x = 0, y = 0;
      for (var i = 1; i < ring.length; i += 1) {
        var cross = ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
        area += cross;
        x += (ring[i - 1][0] + ring[i][0]) * cross;
        y += (ring[i - 1][1] + ring[i][1]) * cross;
      }
      if (Math.abs(area) > best[2]) { best = [x / (3 * area), y / (3 * area), Math.abs(area)]; }
    });
    return best[2] ? best : [shape.coordinates.flat(3)[0], shape.coordinates.flat(3)[1], 1e-12];
  }

  /* Room for a name at its place or a little above or below; it may cover a site, never another name. */
  function freeBox(at, half, names, marks) {
    var free = [0, -15, 15].map(function (move) {
      return [at.x - half, at.y + move - 8, at.x + half, at.y + move + 8];
    }).filter(function (box) { return !touches(box, names); });
    return free.find(function (box) { return !touches(box, marks); }) || free[0];
  }

  function touches(box, others) {
    return others.some(function (other) {
      return box[2] >= other[0] && box[0] <= other[2] && box[3] >= other[1] && box[1] <= other[3];
    });
  }

  window.evenreachShapes = { outlined: outlined, outline: outline, namesBy: namesBy, freeBox: freeBox };
}());
