#!/bin/sh
# Fetches the files in dist anew, with the licences of all that is bundled in them. TestDist holds their checksums: a new version
# needs new ones there. Needs npm and node.
set -eu
cd "$(dirname "$0")"
modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$modules" \
	graphiql@4.1.2 react@18.2.0 react-dom@18.2.0 @graphiql/plugin-explorer@4.0.6 graphql@16.15.0
from="$modules/node_modules"
cp "$from/graphiql/graphiql.min.js" "$from/graphiql/graphiql.min.css" dist/
cp "$from/react/umd/react.production.min.js" "$from/react-dom/umd/react-dom.production.min.js" dist/
cp "$from/@graphiql/plugin-explorer/dist/index.umd.js" dist/explorer.min.js
cp "$from/@graphiql/plugin-explorer/dist/style.css" dist/explorer.min.css
node -e '
const fs = require("fs"), path = require("path"), texts = new Map();
function visit(dir) {
  for (const name of fs.readdirSync(dir).sort()) {
    const folder = path.join(dir, name), about = path.join(folder, "package.json");
    if (name === "@types" || name.startsWith(".")) continue;
    if (name.startsWith("@")) { visit(folder); continue; }
    if (!fs.existsSync(about)) continue;
    const p = JSON.parse(fs.readFileSync(about)), file = fs.readdirSync(folder).find(f => /^licen[sc]e/i.test(f));
    const text = file ? fs.readFileSync(path.join(folder, file), "utf8").replace(/\r/g, "").trim() : "Licence: " + p.license;
    texts.set(text, [...(texts.get(text) ?? []), p.name]);
    if (fs.existsSync(path.join(folder, "node_modules"))) visit(path.join(folder, "node_modules"));
  }
}
visit(process.argv[1]);
const rule = "\n\n" + "-".repeat(80) + "\n\n";
console.log("What the files beside this one were built from, and its licences.\n\n" +
  [...texts].map(([text, names]) => [...new Set(names)].join("\n") + "\n\n" + text).join(rule));
' "$from" >dist/LICENSES
