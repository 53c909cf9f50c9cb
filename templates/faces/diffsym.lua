-- diffsym.lua: formulas that come from circuits, in pandoc and Quarto; needs nothing but the file of keys.
--
--   diffsym keys notes.md                       writes diffsym-keys.json beside notes.md
--   pandoc -L diffsym.lua notes.md -o notes.html
--
--   []{ds="mos-pair:A_d"}                       a formula, a number (mos-pair:A_d:value) or words in a sentence
--   ::: {#eq-ad ds="mos-pair:A_d"}              displayed; in LaTeX, and in Quarto, #eq-ad is its label
--   :::
--   ::: {ds="mos-pair:A_d@half-circuit"}        the lines of a derivation
--   :::
--   []{ds="mos-pair:figure.circuit"}            a drawing
--
-- The metadata diffsym-keys names another file. A key that is unknown prints ?? and warns.

local FILE = "diffsym-keys.json"
local keys = nil
local unknown = false

-- JSON: objects, texts and numbers are all that the file of keys has.
local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function text_at(json, place)
  local parts = {}
  place = place + 1
  while true do
    local stop = json:find('["\\]', place)
    if not stop then error("a text never ends") end
    parts[#parts + 1] = json:sub(place, stop - 1)
    if json:sub(stop, stop) == '"' then return table.concat(parts), stop + 1 end
    local letter = json:sub(stop + 1, stop + 1)
    if letter == "u" then
      parts[#parts + 1] = utf8.char(tonumber(json:sub(stop + 2, stop + 5), 16))
      place = stop + 6
    else
      parts[#parts + 1] = escapes[letter] or error("unknown escape")
      place = stop + 2
    end
  end
end

local function value_at(json, place)
  place = json:find("%S", place)
  local letter = place and json:sub(place, place)
  if letter == '"' then return text_at(json, place) end
  if letter == "{" then
    local found = {}
    place = json:find("%S", place + 1)
    while json:sub(place, place) ~= "}" do
      local name, value
      name, place = text_at(json, place)
      place = json:find(":", place, true)
      value, place = value_at(json, place + 1)
      found[name] = value
      place = json:find("[,}]", place)
      if json:sub(place, place) == "," then place = json:find("%S", place + 1) end
    end
    return found, place + 1
  end
  local number = json:match("^-?%d+", place)
  if not number then error("this is no file of keys") end
  return tonumber(number), place + #number
end

local function warn(message)
  io.stderr:write("[WARNING] diffsym: " .. message .. "\n")
end

local function read(name)
  local file = io.open(name, "rb")
  if not file then
    warn("there is no file " .. name .. "; `diffsym keys` on your notes writes it")
    return {}
  end
  local json = file:read("a")
  file:close()
  local fine, found = pcall(value_at, json, 1)
  if not fine or type(found) ~= "table" or type(found.keys) ~= "table" then
    warn(name .. " is no file of keys; `diffsym keys` on your notes writes it")
    return {}
  end
  return found.keys
end

-- The file named in the metadata, or the one beside the notes, or the one here.
local function file_of(meta)
  local named = meta["diffsym-keys"]
  if named then return pandoc.utils.stringify(named) end
  local input = PANDOC_STATE.input_files[1]
  local folder = input and input:match("^(.*[/\\])")
  return (folder or "") .. FILE
end

local function entry_of(key)
  local entry = keys[key]
  if not entry then
    unknown = true
    warn("key `" .. key .. "' undefined")
  end
  return entry
end

local function missing() return pandoc.Strong { pandoc.Str "??" } end

local function is_latex() return FORMAT:match "latex" or FORMAT:match "beamer" end

local function folder_of_keys(file) return file:match("^(.*[/\\])") or "" end

local place = ""

local function picture(entry, attributes)
  local ending = is_latex() and ".pdf" or ".svg"
  return pandoc.Image({ pandoc.Str(entry.caption) }, place .. entry.file .. ending, "", attributes)
end

local function words(entry) return pandoc.utils.blocks_to_inlines(pandoc.read(entry.inline, "markdown").blocks) end

local function displayed(entry, label)
  if label ~= "" and is_latex() and not quarto then
    local tex = "\\begin{equation}\\label{" .. label .. "}\n" .. entry.display .. "\n\\end{equation}"
    return { pandoc.Para { pandoc.RawInline("latex", tex) } }
  end
  local inlines = { pandoc.Math("DisplayMath", entry.display) }
  if label ~= "" and quarto then
    -- Quarto looks for the label behind the mathematics.
    inlines[2], inlines[3] = pandoc.Space(), pandoc.Str("{#" .. label .. "}")
  elseif label ~= "" then
    return { pandoc.Div({ pandoc.Para(inlines) }, pandoc.Attr(label)) }
  end
  return { pandoc.Para(inlines) }
end

local function without_key(attr)
  local rest = {}
  for name, value in pairs(attr.attributes) do
    if name ~= "ds" then rest[name] = value end
  end
  return pandoc.Attr(attr.identifier, attr.classes, rest)
end

local function Span(span)
  local key = span.attributes.ds
  if not key then return nil end
  local entry = entry_of(key)
  if not entry then return missing() end
  if entry.kind == "formula" then return pandoc.Math("InlineMath", entry.inline) end
  if entry.kind == "words" then return words(entry) end
  if entry.kind == "picture" then return picture(entry, without_key(span.attr)) end
  warn("key `" .. key .. "' cannot stand in a sentence; write ::: {ds=\"" .. key .. "\"}")
  return missing()
end

local function Div(div)
  local key = div.attributes.ds
  if not key then return nil end
  local entry = entry_of(key)
  if not entry then return pandoc.Para { missing() } end
  if entry.kind == "formula" then return displayed(entry, div.identifier) end
  if entry.kind == "words" then return pandoc.Para(words(entry)) end
  if entry.kind == "picture" then return pandoc.Para { picture(entry, without_key(div.attr)) } end
  return pandoc.Div(pandoc.read(entry.markdown, "markdown").blocks, without_key(div.attr))
end

local function Pandoc(document)
  local file = file_of(document.meta)
  place, keys = folder_of_keys(file), read(file)
  local blocks = pandoc.walk_block(pandoc.Div(document.blocks), { Span = Span, Div = Div }).content
  if unknown then warn("there were undefined keys; run `diffsym keys` on your notes and pandoc again") end
  return pandoc.Pandoc(blocks, document.meta)
end

return { { Pandoc = Pandoc } }
