"""Maps and pictures: GeoJSON, the folium frame, SVG."""
