//! The network of an ONNX file, by the rten runtime.

use super::Network;
use super::card::{ModelCard, ModelError};
use rten::{Dimension, Model, ModelOptions, NodeId, OpRegistry, op_types as op};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use sha2::{Digest, Sha256};

/// Bytes of the largest model file.
pub const MOST_MODEL_BYTES: u64 = 256 << 20;
/// Bytes of the largest value inside the network that is known before it runs.
const MOST_VALUE_BYTES: usize = 512 << 20;

/// A network read from a file.
pub struct OnnxNetwork {
    model: Model,
    patch: [usize; 3],
}

/// Reads an ONNX file: how it is used, how many scores it gives for each voxel, and the network. `known` are the meanings that a class
/// may have.
///
/// # Errors
/// [`ModelError`]: the file is too large or damaged, uses operators that the runtime lacks or weights of another file, does not say
/// what it must, or has another input or output than can be used. It is run once on air to find out.
pub fn load_model(bytes: Vec<u8>, known: &[String]) -> Result<(ModelCard, usize, OnnxNetwork), ModelError> {
    if bytes.len() as u64 > MOST_MODEL_BYTES {
        let (need_mib, most_mib) = (bytes.len() as u64 >> 20, MOST_MODEL_BYTES >> 20);
        return Err(ModelError::TooLarge { what: "its file".to_owned(), need_mib, most_mib });
    }
    if !is_whole(&bytes) {
        return Err(ModelError::Unreadable("it is no whole ONNX file".to_owned()));
    }
    let digest: String = Sha256::digest(&bytes).iter().take(8).map(|b| format!("{b:02x}")).collect();
    let model = ModelOptions::with_ops(operators()).load(bytes).map_err(|e| ModelError::Unreadable(e.to_string()))?;
    let (inputs, outputs) = (model.input_ids().len(), model.output_ids().len());
    if (inputs, outputs) != (1, 1) {
        return Err(ModelError::Shape(format!("inputs and outputs are {inputs} and {outputs}; one each is needed")));
    }
    let input: Vec<Option<usize>> = model
        .input_shape(0)
        .ok_or_else(|| ModelError::Shape("input has no shape".to_owned()))?
        .iter()
        .map(|d| if let Dimension::Fixed(n) = d { Some(*n) } else { None })
        .collect();
    let metadata: Vec<(String, String)> =
        model.metadata().fields().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let card = ModelCard::read(&metadata, &input, format!("sha256:{digest}"), known)?;
    largest_value(&model)?;
    let mut network = OnnxNetwork { model, patch: card.patch };
    let (shape, _) = network.scores(&vec![0.0; card.patch.iter().product()])?;
    let scores = card.scores(&shape)?;
    Ok((card, scores, network))
}

/// Whether bytes are fields of a protobuf message and nothing else. The runtime's own reader does not come back from a file that is cut.
fn is_whole(mut bytes: &[u8]) -> bool {
    let varint = |bytes: &mut &[u8]| -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    let field = |bytes: &mut &[u8]| {
        let key = varint(bytes).filter(|key| key >> 3 > 0)?;
        let length = match key & 7 {
            0 => varint(bytes).map(|_value| 0)?,
            1 => 8,
            2 => usize::try_from(varint(bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        *bytes = bytes.get(length..)?;
        Some(())
    };
    let any = !bytes.is_empty();
    while !bytes.is_empty() {
        if field(&mut bytes).is_none() {
            return false;
        }
    }
    any
}

/// What networks for segmentation are made of. Others are named when they are met: each operator makes the worker's program larger.
fn operators() -> OpRegistry {
    OpRegistry::with_ops(&[
        // Convolution, pooling, resizing.
        &op::Conv,
        &op::ConvTranspose,
        &op::AveragePool,
        &op::MaxPool,
        &op::GlobalAveragePool,
        &op::Resize,
        &op::Pad,
        &op::DepthToSpace,
        // Normalisation.
        &op::BatchNormalization,
        &op::InstanceNormalization,
        &op::LayerNormalization,
        // Activations.
        &op::Relu,
        &op::LeakyRelu,
        &op::PRelu,
        &op::Elu,
        &op::Gelu,
        &op::Erf,
        &op::Sigmoid,
        &op::HardSigmoid,
        &op::HardSwish,
        &op::Softplus,
        &op::Tanh,
        &op::Softmax,
        &op::Clip,
        // Arithmetic.
        &op::Add,
        &op::Sub,
        &op::Mul,
        &op::Div,
        &op::Pow,
        &op::Sqrt,
        &op::Exp,
        &op::Neg,
        &op::Reciprocal,
        &op::Max,
        &op::Min,
        &op::Floor,
        &op::ReduceMean,
        &op::ReduceSum,
        &op::ReduceMax,
        &op::MatMul,
        &op::Gemm,
        // Shapes.
        &op::Concat,
        &op::Split,
        &op::Slice,
        &op::Gather,
        &op::Reshape,
        &op::Flatten,
        &op::Squeeze,
        &op::Unsqueeze,
        &op::Transpose,
        &op::Shape,
        &op::Expand,
        &op::ConstantOfShape,
        &op::Cast,
        &op::Identity,
        &op::Equal,
        &op::Where,
    ])
}

/// Refuses a network with a value inside that no worker could hold.
fn largest_value(model: &Model) -> Result<(), ModelError> {
    let nodes = (0..).map_while(|n| model.node_info(NodeId::from_u32(n)));
    let bytes = |shape: Vec<Dimension>| {
        shape.iter().try_fold(4usize, |all, d| match d {
            Dimension::Fixed(n) => all.checked_mul(*n),
            Dimension::Symbolic(_) => Some(all),
        })
    };
    let largest = nodes.filter_map(|node| node.shape()).map(|shape| bytes(shape).unwrap_or(usize::MAX)).max();
    match largest.filter(|bytes| *bytes > MOST_VALUE_BYTES) {
        Some(bytes) => Err(ModelError::TooLarge {
            what: "a value inside it".to_owned(),
            need_mib: bytes as u64 >> 20,
            most_mib: MOST_VALUE_BYTES as u64 >> 20,
        }),
        None => Ok(()),
    }
}

impl OnnxNetwork {
    /// Shape of the output, and its values.
    fn scores(&mut self, patch: &[f32]) -> Result<(Vec<usize>, Vec<f32>), ModelError> {
        let failed = |e: &dyn std::fmt::Display| ModelError::Failed(e.to_string());
        let [slices, rows, columns] = self.patch;
        let input = NdTensorView::from_data([1, slices, rows, columns], patch);
        let output = self.model.run_one(input.into(), None).map_err(|e| failed(&e))?;
        let shape = output.shape().to_vec();
        let tensor: NdTensor<f32, 4> = output.try_into().map_err(|_other| {
            ModelError::Shape(format!("output is {shape:?}, and not of 32-bit numbers with four axes"))
        })?;
        Ok((shape, tensor.into_data()))
    }
}

impl Network for OnnxNetwork {
    fn run(&mut self, patch: Vec<f32>) -> Result<Vec<f32>, ModelError> {
        Ok(self.scores(&patch)?.1)
    }
}
