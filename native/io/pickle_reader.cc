#include "io/pickle_reader.h"

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"

namespace torchner {
namespace {

enum class Kind {
  kNone,
  kNumber,
  kText,
  kSequence,
  kDict,
  kMark,
  kOrderedDict,
  kRebuildTensor,
  kRebuildParameter,
  kDtype,
  kStorage,
  kTensor
};

/** Values refer to one another by plain pointers; the machine owns them all, so no nesting can exhaust the
 * stack. */
struct Value {
  Kind kind = Kind::kNone;
  int64_t number = 0;
  /** A text, a storage's dtype. */
  std::string text;
  /** Elements; keys and values in turns. */
  std::vector<const Value*> items;
  PickledTensor tensor;
};

const std::map<std::string, Kind> kFunctions = {
    {"collections.OrderedDict", Kind::kOrderedDict},
    {"torch._utils._rebuild_tensor_v2", Kind::kRebuildTensor},
    {"torch._utils._rebuild_parameter", Kind::kRebuildParameter},
};

const std::map<std::string, std::string> kStorages = {
    {"torch.FloatStorage", "F32"},     {"torch.DoubleStorage", "F64"}, {"torch.HalfStorage", "F16"},
    {"torch.BFloat16Storage", "BF16"}, {"torch.LongStorage", "I64"},   {"torch.IntStorage", "I32"},
    {"torch.ShortStorage", "I16"},     {"torch.CharStorage", "I8"},    {"torch.ByteStorage", "U8"},
    {"torch.BoolStorage", "BOOL"},
};

constexpr size_t kMostDimensions = 64;
/** torch.save numbers its storages. A tensor carries its storage's name, and a short pickle can make many. */
constexpr size_t kLongestStorageName = 255;

class Machine {
 public:
  Machine(const std::string& path, std::string_view pickle) : path_(path), pickle_(pickle) {}

  /** The value that the pickle stands for. */
  const Value* Run() {
    for (;;) {
      const unsigned char opcode = Byte();
      if (opcode == '.') return Pop();
      Step(opcode);
    }
  }

  [[noreturn]] void Refuse(const std::string& what) const {
    throw Error(ErrorCode::kCheckpoint,
                path_ + ": " + what +
                    "; only the plain state dict of a model is read. Convert it in Python: " +
                    "AutoModelForTokenClassification.from_pretrained(DIR).save_pretrained(DIR)");
  }

 private:
  void Step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const unsigned protocol = Byte(); protocol > 5)
          Refuse("is of pickle protocol " + std::to_string(protocol));
        return;
      case 0x95:  // FRAME
        Bytes(8);
        return;
      case 'N':
        return Push({});
      case 0x88:  // NEWTRUE
        return Push({.kind = Kind::kNumber, .number = 1});
      case 0x89:  // NEWFALSE
        return Push({.kind = Kind::kNumber, .number = 0});
      case 'K':
        return Push({.kind = Kind::kNumber, .number = Signed(1, false)});
      case 'M':
        return Push({.kind = Kind::kNumber, .number = Signed(2, false)});
      case 'J':
        return Push({.kind = Kind::kNumber, .number = Signed(4, true)});
      case 0x8a: {  // LONG1
        const unsigned char size = Byte();
        if (size > 8) Refuse("holds an integer of " + std::to_string(size) + " bytes");
        return Push({.kind = Kind::kNumber, .number = Signed(size, true)});
      }
      case 'G':
        Bytes(8);  // a float, in the metadata of some
        return Push({});
      case 0x8c:  // SHORT_BINUNICODE
        return PushText(Byte());
      case 'X':
        return PushText(static_cast<uint64_t>(Signed(4, false)));
      case 'c': {
        const std::string module = Line();
        return PushGlobal(module + "." + Line());
      }
      case 0x93: {  // STACK_GLOBAL
        const std::string name = Pop(Kind::kText)->text;
        return PushGlobal(Pop(Kind::kText)->text + "." + name);
      }
      case '}':
        return Push({.kind = Kind::kDict});
      case ']':
      case ')':
        return Push({.kind = Kind::kSequence});
      case '(':
        return Push({.kind = Kind::kMark});
      case 't':
        return Push({.kind = Kind::kSequence, .items = PopToMark()});
      case 0x85:  // TUPLE1
      case 0x86:
      case 0x87:
        return PushTuple(opcode - 0x84);
      case 'q':
        return Remember(Byte());
      case 'r':
        return Remember(static_cast<uint64_t>(Signed(4, false)));
      case 0x94:  // MEMOIZE
        return Remember(memo_.size());
      case 'h':
        return Recall(Byte());
      case 'j':
        return Recall(static_cast<uint64_t>(Signed(4, false)));
      case 's':
      case 'a': {
        std::vector<const Value*> added(opcode == 's' ? 2 : 1);
        for (size_t i = added.size(); i-- > 0;) added[i] = Pop();
        return Extend(opcode == 's' ? Kind::kDict : Kind::kSequence, added);
      }
      case 'u':
        return Extend(Kind::kDict, PopToMark());
      case 'e':
        return Extend(Kind::kSequence, PopToMark());
      case 'Q':
        return PushStorage(Pop(Kind::kSequence)->items);
      case 'R': {
        const Value* arguments = Pop(Kind::kSequence);
        return Call(Pop()->kind, arguments->items);
      }
      case 'b':
        Pop();  // attributes such as _metadata, the versions of the modules
        return Require(Top(), Kind::kDict);
      default:
        Refuse("holds the pickle opcode " + std::to_string(opcode) + ", which a state dict has no use for");
    }
  }

  unsigned char Byte() { return static_cast<unsigned char>(Bytes(1)[0]); }

  std::string_view Bytes(uint64_t size) {
    if (pickle_.size() - at_ < size) Refuse("holds a pickle that is cut off");
    at_ += size;
    return pickle_.substr(at_ - size, size);
  }

  std::string Line() {
    const size_t end = pickle_.find('\n', at_);
    if (end == std::string_view::npos) Refuse("holds a pickle that is cut off");
    std::string line(pickle_.substr(at_, end - at_));
    at_ = end + 1;
    return line;
  }

  int64_t Signed(size_t size, bool negative) {
    const std::string_view bytes = Bytes(size);
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    const bool fill = negative && size > 0 && size < 8 && (value >> (8 * size - 1) & 1) != 0;
    return static_cast<int64_t>(fill ? value | ~uint64_t{0} << (8 * size) : value);
  }

  void Push(Value value) {
    values_.push_back(std::make_unique<Value>(std::move(value)));
    stack_.push_back(values_.back().get());
  }

  void PushText(uint64_t size) { Push({.kind = Kind::kText, .text = std::string(Bytes(size))}); }

  void PushGlobal(const std::string& name) {
    if (const auto function = kFunctions.find(name); function != kFunctions.end()) {
      return Push({.kind = function->second});
    }
    const auto storage = kStorages.find(name);
    if (storage == kStorages.end()) Refuse("asks to run " + name + ", which is not done");
    Push({.kind = Kind::kDtype, .text = storage->second});
  }

  void PushTuple(size_t size) {
    std::vector<const Value*> items(size);
    for (size_t i = size; i-- > 0;) items[i] = Pop();
    Push({.kind = Kind::kSequence, .items = std::move(items)});
  }

  /** ('storage', type, key, location, number of elements) */
  void PushStorage(const std::vector<const Value*>& id) {
    const bool known = id.size() == 5 && id[0]->kind == Kind::kText && id[0]->text == "storage" &&
                       id[1]->kind == Kind::kDtype && id[2]->kind == Kind::kText &&
                       id[4]->kind == Kind::kNumber;
    if (!known) Refuse("refers to something that is no storage of a tensor");
    if (id[2]->text.size() > kLongestStorageName) Refuse("holds a storage with too long a name");
    if (id[4]->number < 0) Refuse("holds a storage of " + std::to_string(id[4]->number) + " elements");
    Value storage{.kind = Kind::kStorage};
    storage.tensor.dtype = id[1]->text;
    storage.tensor.storage = id[2]->text;
    storage.tensor.storage_size = id[4]->number;
    Push(std::move(storage));
  }

  void Call(Kind function, const std::vector<const Value*>& given) {
    if (function == Kind::kOrderedDict && given.empty()) return Push({.kind = Kind::kDict});
    if (function == Kind::kRebuildParameter && !given.empty() && given[0]->kind == Kind::kTensor) {
      return Push(*given[0]);
    }
    if (function != Kind::kRebuildTensor || given.size() < 4 || given[0]->kind != Kind::kStorage ||
        given[1]->kind != Kind::kNumber) {
      Refuse("makes a tensor in a way that is not known");
    }
    Value value{.kind = Kind::kTensor};
    value.tensor = given[0]->tensor;
    value.tensor.offset = given[1]->number;
    value.tensor.shape = Numbers(given[2]);
    value.tensor.strides = Numbers(given[3]);
    if (value.tensor.offset < 0 || value.tensor.shape.size() != value.tensor.strides.size()) {
      Refuse("holds a tensor whose shape and strides do not fit");
    }
    Push(std::move(value));
  }

  std::vector<int64_t> Numbers(const Value* sequence) {
    Require(sequence, Kind::kSequence);
    if (sequence->items.size() > kMostDimensions) Refuse("holds a tensor of too many dimensions");
    std::vector<int64_t> numbers;
    for (const Value* item : sequence->items) {
      Require(item, Kind::kNumber);
      if (item->number < 0) Refuse("holds a tensor with a negative size or stride");
      numbers.push_back(item->number);
    }
    return numbers;
  }

  void Extend(Kind kind, const std::vector<const Value*>& added) {
    Require(Top(), kind);
    if (kind == Kind::kDict && added.size() % 2 != 0) Refuse("holds a pickle that is broken");
    stack_.back()->items.insert(stack_.back()->items.end(), added.begin(), added.end());
  }

  void Remember(uint64_t place) { memo_[place] = Top(); }

  void Recall(uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) Refuse("holds a pickle that is broken");
    stack_.push_back(found->second);
  }

  Value* Top() {
    if (stack_.empty() || stack_.back()->kind == Kind::kMark) Refuse("holds a pickle that is broken");
    return stack_.back();
  }

  Value* Pop() {
    Value* top = Top();
    stack_.pop_back();
    return top;
  }

  Value* Pop(Kind kind) {
    Value* top = Pop();
    Require(top, kind);
    return top;
  }

  std::vector<const Value*> PopToMark() {
    size_t mark = stack_.size();
    while (mark > 0 && stack_[mark - 1]->kind != Kind::kMark) --mark;
    if (mark == 0) Refuse("holds a pickle that is broken");
    std::vector<const Value*> items(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
    stack_.resize(mark - 1);
    return items;
  }

  void Require(const Value* value, Kind kind) const {
    if (value->kind != kind) Refuse("holds something else than the tensors of a model");
  }

  const std::string& path_;
  const std::string_view pickle_;
  size_t at_ = 0;
  std::vector<std::unique_ptr<Value>> values_;
  std::vector<Value*> stack_;
  std::unordered_map<uint64_t, Value*> memo_;
};

}  // namespace

std::vector<PickledTensor> ReadPickledTensors(const std::string& path, std::string_view pickle) {
  Machine machine(path, pickle);
  const Value* top = machine.Run();
  if (top->kind != Kind::kDict) machine.Refuse("holds no state dict");
  std::vector<PickledTensor> tensors;
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i + 1 < top->items.size(); i += 2) {
    const Value* key = top->items[i];
    const Value* value = top->items[i + 1];
    if (key->kind != Kind::kText) machine.Refuse("holds a tensor without a name");
    if (!names.insert(key->text).second) machine.Refuse("holds '" + key->text + "' twice");
    if (value->kind != Kind::kTensor)
      machine.Refuse("holds something else than a tensor under '" + key->text + "'");
    tensors.push_back(value->tensor);
    tensors.back().name = key->text;
  }
  return tensors;
}

}  // namespace torchner
