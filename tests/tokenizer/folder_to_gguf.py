"""A folder's tokenizer.json as converters write it into a GGUF file: without what GGUF has no key for (pip install gguf)."""
import json
import os

# What a converter finds out about real vocabularies; the folder's own file does not say it.
KNOWN = {
    "gpt2": dict(pre="gpt-2"),
    "minimind": dict(pre="gpt-2"),
    "phi2": dict(pre="phi-2"),
    "pythia": dict(pre="olmo"),
    "smollm2": dict(pre="smollm"),
    "falcon": dict(pre="falcon"),
    "llama3": dict(pre="llama-bpe"),
    "llama31": dict(pre="llama-bpe"),
    "qwen25": dict(pre="qwen2"),
    "qwen3": dict(pre="qwen2"),
    "deepseek_r1_distill_qwen": dict(pre="deepseek-r1-qwen"),
    "mistral_small3_fixed": dict(pre="tekken"),
    "phi4_recon": dict(pre="dbrx", architecture="phi3", name="Phi 4"),
    "gemma4": dict(model="gemma4"),
    "llama2": dict(model="llama"),
    "phi35": dict(model="llama", architecture="phi3", name="Phi 3.5 Mini Instruct"),
    "mistral_v01": dict(model="llama", name="mistralai_mistral-7b-v0.1"),
    "mistral_v03": dict(model="llama", name="Mistral 7B Instruct v0.3"),
}


def vocabulary(root):
    """(tokens, types) by id, with GGUF's numbers for types."""
    added = {token["id"]: token for token in root["added_tokens"]}
    by_id = {id: token for token, id in root["model"]["vocab"].items()}
    tokens, types = [], []
    for id in range(max([*by_id, *added]) + 1):
        if id in added:
            tokens.append(added[id]["content"])
            types.append(2 if tokens[-1] == root["model"].get("unk_token") else 3 if added[id]["special"] else 4)
        else:
            tokens.append(by_id.get(id, f"[PAD{id}]"))
            is_byte = root["model"].get("byte_fallback") and len(tokens[-1]) == 6 and tokens[-1].startswith("<0x")
            types.append(6 if is_byte else 1 if id in by_id else 5)
    return tokens, types


def scores(tokens, merges):
    """Of merges that a converter made out of scores: the token that is made first has the highest."""
    made = {}
    for merge in merges:
        made.setdefault("".join(merge), -float(len(made)))
    return [made.get(token, -1e6) for token in tokens]


def write(folder, path):
    """The folder's tokenizer as a GGUF file without tensors; False where it is not known how converters treat it."""
    import gguf

    known = KNOWN.get(os.path.basename(os.path.normpath(folder)))
    if known is None:
        return False
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
        root = json.load(file)
    merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in root["model"]["merges"]]
    tokens, types = vocabulary(root)
    writer = gguf.GGUFWriter(path, known.get("architecture", "llama"))
    writer.add_name(known.get("name", "a model"))
    writer.add_tokenizer_model(known.get("model", "gpt2"))
    writer.add_tokenizer_pre(known.get("pre", "default"))
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if known.get("model") == "llama":
        writer.add_token_scores(scores(tokens, merges))
    else:
        writer.add_token_merges([" ".join(merge) for merge in merges])
    template = root.get("post_processor") or {}
    special = [list(template["special_tokens"][item["SpecialToken"]["id"]]["ids"])
               for step in [template, *template.get("processors", [])] if step.get("type") == "TemplateProcessing"
               for template in [step] for item in step["single"] if "SpecialToken" in item]
    writer.add_add_bos_token(bool(special))
    if special:
        writer.add_bos_token_id(special[0][0])
    if "<unk>" in tokens:
        writer.add_unk_token_id(tokens.index("<unk>"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return True
